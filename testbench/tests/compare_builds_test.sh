#!/usr/bin/env bash
# compare_builds.sh, by which a change is judged: a build is as fast as itself and gives the same
# results, and what gives none is not compared.
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"
compare() { # ARGUMENT...
  bash "$SOURCE_DIR/testbench/benchmarks/compare_builds.sh" "$@" >"$out" 2>"$err"
  status=$?
}
scenario=$SOURCE_DIR/scenarios/first_look.ini
compare --rounds 1 "$COPYPATH" "$COPYPATH" "$scenario" --path sendfile
check "the same build" status_is 0
check "the same build" says "$out" "same results"
compare --rounds 1 "$COPYPATH" /bin/false "$scenario"
check "a program without results" status_is 1
check "a program without results" says "$err" "/bin/false gives no results for first_look.ini"
compare "$COPYPATH"
check "one program" status_is 2
finish
