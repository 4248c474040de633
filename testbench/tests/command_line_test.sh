#!/usr/bin/env bash
# The command line: what is accepted, what is refused and how, and where the output goes. Bad input
# ends with status 2 before anything is simulated or written.
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"
unset COLUMNS
cat >small.ini <<'END'
path = read_write sendfile
[workload]
clients = 2
file_size = 1MB
END

# ---- Commands and options.
fails 2 "which command?"
fails 2 "unknown command 'cmpare' (did you mean 'compare'?)" cmpare small.ini
fails 2 "unknown option '--hlp' (did you mean '--help'?)" --hlp
fails 2 "unknown option '--jsno' (did you mean '--json'?)" run small.ini --jsno x
fails 2 "unknown option '--trac'" run small.ini --trac x.vcd
fails 2 "--json" run small.ini --json
fails 2 "--json: expected the name of a file" run small.ini --json ""
fails 2 "which scenario?" compare
fails 2 "unexpected argument 'b.ini'" run small.ini b.ini
fails 2 "unexpected argument 'x'" keys x
fails 2 "--path: unknown path 'sendfil' (did you mean 'sendfile'?)" run small.ini --path sendfil
fails 2 "unknown path 'sendfil' (did you mean 'sendfile'?)" explain sendfil
fails 2 "--set" run small.ini --set nic.rate
fails 2 "--set" run small.ini --set nic.rat=1Gbps
fails 2 "did you mean 'nic.rate'?" run small.ini --set nic.rat=1Gbps
fails 2 "--timing" run small.ini --timing fast
fails 2 "no-such.ini" run no-such.ini
fails 2 "--trace-window needs --trace" run small.ini --trace-window 1us..2us
fails 2 "expected FROM..TO" run small.ini --trace a.vcd --trace-window 1us
fails 2 "has no unit" run small.ini --trace a.vcd --trace-window 1..2us
fails 2 "ends before it begins" run small.ini --trace a.vcd --trace-window 3us..2us
launch run small.ini --path nonsense --trace-window 1us..2us
check "all problems are reported at once" test "$(wc -l <"$err")" = 2
check "bad input leaves nothing behind" folder_holds small.ini

for arguments in --help --version "run --help" "compare --help" "explain --help" "keys --help" \
  keys "keys --markdown" explain "explain sendfile"; do
  # shellcheck disable=SC2086
  launch $arguments
  check "copypath $arguments" status_is 0
  check "copypath $arguments" is_empty "$err"
  check "copypath $arguments" test -s "$out"
  check "copypath $arguments: plain ASCII" test -z "$(LC_ALL=C grep -n '[^ -~]' "$out")"
done
launch --help
check "--help names no command that does not exist" test -z \
  "$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$out" | while read -r command; do
    "$COPYPATH" "$command" --help >/dev/null || echo "$command"
  done)"
launch run small.ini --dump
check "--dump" status_is 0
cp "$out" dumped.ini
launch run dumped.ini --dump
check "a dumped configuration reads back as it is" test \
  "$(sed 1d "$out")" = "$(sed 1d dumped.ini)" # the first line names the file
rm dumped.ini

# ---- Outputs that cannot be written.
mkdir sub
fails 2 "cannot write no/x.json: the folder no does not exist" run small.ini --json no/x.json
fails 2 "cannot write no/x" run small.ini --trace no/x.vcd
fails 2 "cannot write sub: it is a folder" run small.ini --trace sub
fails 2 "cannot write sub: it is a folder" run small.ini --json sub
fails 2 "cannot write small.ini: it is an input of this run" run small.ini --json small.ini
fails 2 "is an input of this run" run small.ini --path sendfile --trace ./small.ini
fails 2 "is named for two outputs" run small.ini --path sendfile --json x.vcd --trace ./x.vcd
fails 2 "is named for two outputs" run small.ini --json x.sendfile.vcd --trace x.vcd
if [[ $(id -u) != 0 ]]; then
  chmod 555 sub
  fails 2 "Permission denied" run small.ini --json sub/x.json
fi
rmdir sub
check "refused outputs leave nothing behind" folder_holds small.ini
finish
