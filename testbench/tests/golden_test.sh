#!/usr/bin/env bash
# The same bytes on every machine: the traces in traces/, which are first_look in fluid timing, come
# out again. A change of the models that is meant to change them is followed by
#   golden_test.sh --update   which writes them anew (with COPYPATH, SOURCE_DIR)
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"
launch run "$SOURCE_DIR/scenarios/first_look.ini" --timing fluid --trace first_look.vcd
check "first_look" status_is 0
if ! grep -q '^ SystemC 2\.3\.4-' first_look.sendfile.vcd; then
  echo "skipped: the traces in traces/ were written by SystemC 2.3.4" && exit 77
fi
for trace in first_look.*.vcd; do
  sed -i '/^\$\(date\|version\)$/,/^$/d' "$trace" # of the day and of the SystemC library
  golden=$SOURCE_DIR/traces/$trace
  [[ ${1-} == --update ]] && cp "$trace" "$golden"
  cmp -s "$trace" "$golden" && continue
  failures=$((failures + 1))
  echo "FAILED: traces/$trace differs (expected <, now >; TIME in ps, LANE, VALUE):"
  diff <(awk -f "$SOURCE_DIR/testbench/tests/vcd_lanes.awk" "$golden") \
    <(awk -f "$SOURCE_DIR/testbench/tests/vcd_lanes.awk" "$trace") | head -n 20
done
check "a trace for each path" folder_holds first_look.read_write.vcd first_look.sendfile.vcd
for golden in "$SOURCE_DIR"/traces/*.vcd; do
  check "$golden is sound" awk -f "$SOURCE_DIR/testbench/tests/check_vcd.awk" "$golden"
  check "$golden is of a path that is still there" test -e "$(basename "$golden")"
done
finish
