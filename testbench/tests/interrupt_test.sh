#!/usr/bin/env bash
# Interrupts: a run that is stopped leaves readable traces and no results; a second interrupt, or
# the end of the parent, leaves nothing behind, neither files nor processes.
# shellcheck source-path=SCRIPTDIR source=program.bash disable=SC2317
. "$SOURCE_DIR/testbench/tests/program.bash"
# An hour of work in either timing, if nobody stops it.
cat >long.ini <<'END'
path = read_write sendfile
timing = burst
[workload]
clients = 100
file_size = 100GB
END

children_of() { ps -o pid= --ppid "$1"; }
at_once=$(($(nproc) < 2 ? 1 : 2)) # simulations of two paths that run side by side
start() { # ARGUMENT... : starts the program and waits until it simulates
  "$COPYPATH" "$@" >"$out" 2>"$err" &
  parent=$!
  for _ in {1..200}; do
    children=$(children_of "$parent" | xargs)
    (($(wc -w <<<"$children") == at_once)) && break
    sleep 0.05
  done
  sleep 0.5
}
stop() { # SIGNAL : sends it, waits, leaves status and milliseconds
  local before
  before=$(date +%s%N)
  kill -s "$1" "$parent"
  wait "$parent" 2>/dev/null
  status=$?
  milliseconds=$((($(date +%s%N) - before) / 1000000))
  without_remarks
}
no_children() { # waits for the children that `start` saw to end
  for _ in {1..60}; do
    # A child that nobody waits for any more may stay on as a zombie.
    ps -o stat= -p "${children// /,}" | grep -qv '^Z' || return 0
    sleep 0.05
  done
  return 1
}

for signal in INT:130 TERM:143; do
  echo old >result.json
  start run long.ini --trace t.vcd --json result.json
  check "the run is under way" test -n "$children"
  stop "${signal%:*}"
  check "SIG${signal%:*}" status_is "${signal#*:}"
  check "SIG${signal%:*}" test "$(<"$err")" = "copypath: interrupted"
  # A tenth of a second on an idle machine; what is meant is that it does not go on.
  check "SIG${signal%:*}: ends ($milliseconds ms)" test "$milliseconds" -lt 10000
  check "SIG${signal%:*}: no results" test "$(<result.json)" = old
  check "SIG${signal%:*}: at least one trace" test -s t.read_write.vcd -o -s t.sendfile.vcd
  for trace in t.*.vcd; do
    check "$trace is sound" awk -f "$SOURCE_DIR/testbench/tests/check_vcd.awk" "$trace"
  done
  rm -f t.*.vcd result.json
  check "SIG${signal%:*}: nothing else is left" folder_holds long.ini
  check "SIG${signal%:*}: no process is left" no_children
done

start run long.ini --trace t.vcd --json result.json
# shellcheck disable=SC2086
kill -s STOP $children # they cannot close their traces
kill -s INT "$parent"
sleep 0.5
check "the first interrupt waits for the simulations" kill -0 "$parent"
stop INT
check "a second interrupt" status_is 130
check "a second interrupt leaves nothing" folder_holds long.ini
check "a second interrupt leaves no process" no_children

start run long.ini --trace t.vcd --json result.json
stop KILL
check "simulations end with their parent" no_children
check "a killed run leaves nothing" folder_holds long.ini

start run long.ini --trace t.vcd --json result.json
kill -s KILL "${children%% *}"
wait "$parent"
status=$?
check "a simulation that dies" status_is 4
check "a simulation that dies" says "$err" "the simulation was killed by signal 9"
check "a simulation that dies leaves nothing" folder_holds long.ini
check "a simulation that dies leaves no process" no_children
finish
