#!/usr/bin/env bash
# The same scenario gives the same bytes of JSON and VCD, whichever way the program was built.
#   same_bytes.sh [PROGRAM [PROGRAM]]     default: $COPYPATH, twice
first=$(readlink -f -- "${1:-$COPYPATH}")
second=$(readlink -f -- "${2:-$first}")
scenario=$SOURCE_DIR/scenarios/first_look.ini

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
produce() {  # SUBFOLDER PROGRAM
  mkdir "$folder/$1" && cd "$folder/$1" || exit
  "$2" run "$scenario" --trace trace.vcd --json result.json >/dev/null || exit
  [[ -s trace.vcd || -s $(find . -name '*.vcd' -print -quit) ]] && [[ -s result.json ]] || exit
  find . -name '*.vcd' -exec sed -i '/^\$date/,/^\$end/d' {} +
}
(produce first "$first") || { echo "failed: $first run $scenario" && exit 1; }
(produce second "$second") || { echo "failed: $second run $scenario" && exit 1; }
diff -r "$folder/first" "$folder/second" >"$folder/differences" && exit
echo "$first and $second differ:"
head -n 40 "$folder/differences"
exit 1
