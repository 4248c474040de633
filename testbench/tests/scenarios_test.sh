#!/usr/bin/env bash
# Every shipped scenario holds what it expects, has expectations, and is in the list of scenarios; all
# paths at once stay readable.
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"

for scenario in "$SOURCE_DIR"/scenarios/*.ini; do
  name=$(basename "$scenario")
  launch compare "$scenario"
  check "$name" status_is 0
  check "$name" is_empty "$err"
  check "$name expects something, and nothing is skipped" grep -qE \
    '^Expectations: [1-9][0-9]* passed, 0 failed$' "$out"
  check "$name says what it shows" grep -q '^title = ' "$scenario"
  check "$name is in docs/scenarios.md" grep -qF "\`$name\`" "$SOURCE_DIR/docs/scenarios.md"
done

launch compare "$SOURCE_DIR/scenarios/relatives.ini" --path all
check "all paths at once" status_is 0
check "all paths at once fit 100 columns of plain ASCII" test -z \
  "$(LC_ALL=C grep -nE '[^ -~]|.{101}' "$out")"
launch explain
paths=$(sed -n 's/^  \([a-z_0-9]*\) .*/\1/p' "$out")
launch compare "$SOURCE_DIR/scenarios/relatives.ini" --path all --set workload.chunk=1000B
for path in $paths; do
  check "$path has a line, or a reason" grep -qE "^  $path +[0-9]|^  $path [a-z]" "$out"
done
for command in run compare "sweep --vary cpu.cores=1,2"; do
  # shellcheck disable=SC2086 # a command and its options
  launch $command "$SOURCE_DIR/scenarios/random_reader.ini" --path all --set workload.transform=tls
  check "$command: no path fits" status_is 2
  for path in $paths; do
    check "$command: why not $path" grep -qE ": $path [a-z]" "$err"
  done
done
printf 'path = all\n[workload]\nkind = random_reader\ntransform = tls\n' >"$folder/none.ini"
launch advise "$folder/none.ini"
check "advise: no path fits" status_is 1
check "advise: says so" grep -q '^No path can be used' "$out"
finish
