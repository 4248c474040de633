#!/usr/bin/env bash
# `copypath native` as a user meets it: what is refused and how, what is skipped, what the results
# look like, and that nothing is left behind however it ends.
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"
unset COLUMNS TMPDIR
cat >small.ini <<'END'
path = read_write sendfile
[workload]
clients = 2
file_size = 100kB
[page_cache]
warm = 1
[expect]
read_write.syscalls.read = 4
sendfile.cpu_copied_bytes = 0
sendfile.delivered_ok = true
END

# ---- Command line.
launch native --help
check "--help" status_is 0
check "--help lists the paths" says "$out" "  io_uring_zc "
fails 2 "which scenario?" native
fails 2 "--repeat: 0 is out of range, accepted: 1 .. 10000" native small.ini --repeat 0
fails 2 "--repeat: 'x' is not a number" native small.ini --repeat x
fails 2 "--sink: 'chek' is unknown, accepted: discard, copy, poll or check (did you mean 'check'?)" \
  native small.ini --sink chek
fails 2 "--write-size: '100B' is out of range" native small.ini --write-size 100B
fails 2 "--write-size: '6000B' is out of range" native small.ini --write-size 6000B
fails 2 "--dir: 'no' is not a folder" native small.ini --dir no
fails 2 "unknown path 'sendfil' (did you mean 'sendfile'?)" native small.ini --path sendfil
fails 2 "cannot write small.ini: it is an input of this run" native small.ini --json small.ini
fails 2 "unknown option '--trace'" native small.ini --trace x.vcd
check "bad input leaves nothing behind" folder_holds small.ini

# ---- Results.
launch native small.ini --repeat 3 --sink check --json r.json
check "a run" status_is 0
check "a run" is_empty "$err"
check "a run: plain ASCII" test -z "$(LC_ALL=C grep -n '[^ -~]' "$out")"
check "what a native run cannot know is not expected" says "$out" "2 passed, 0 failed, 1 skipped"
check "and gets no row" test -z "$(grep -E 'copied by the CPU|crossings' "$out")"
check "the record says how it came about" says r.json '"execution": "native"'
check "what is unknown is null" says r.json '"cpu_copied_bytes": null'
check "the spread is there" says r.json '"variation"'
launch native small.ini --repeat 1 --quiet --set expect.read_write.syscalls.read=5
check "a failed expectation" status_is 1
check "a failed expectation" says "$err" "read_write.syscalls.read: expected 5, got 4"
check "--quiet" is_empty "$out"
launch native small.ini --dump
check "--dump" status_is 0
check "--dump" says "$out" "file_size = 100kB"

# ---- Programs that read for themselves.
reads=(pread mmap_read)
sanitized && reads=(pread)
launch native "$SOURCE_DIR/scenarios/random_reader.ini" --repeat 1 --sink check --quiet --path "${reads[*]}"
check "random_reader" status_is 0
launch native "$SOURCE_DIR/scenarios/random_reader.ini" --repeat 1 --path "pread sendfile" \
  --set workload.requests=2 --set expect.pread.syscalls.pread=4
check "what sends has nobody to send to" says "$out" "skipped: sendfile: it sends to clients"

# ---- A log broker.
launch native "$SOURCE_DIR/scenarios/log_broker_gigabit.ini" --repeat 1 --sink check --path "sendfile user_tls" \
  --set expect.sendfile.fetches=60
check "log_broker" says "$out" "skipped: user_tls: a log broker sends headers"
check "log_broker" says "$out" "passed, 0 failed"
launch native "$SOURCE_DIR/scenarios/log_broker_producers.ini" --repeat 1
check "producers" status_is 3

# ---- What cannot be run.
launch native small.ini --repeat 1 --path "direct_write read_write" --set workload.chunk=1001B \
  --set 'expect.read_write.syscalls.read = 200'
check "one of two can be run" status_is 0
check "the other is skipped" says "$out" "skipped: direct_write: O_DIRECT"
launch native small.ini --repeat 1 --path direct_write --set workload.chunk=1001B --json r.json
check "none can be run" status_is 3
check "none can be run" says "$err" "none of the paths can be run here"
check "the reason is in the record" says r.json '"reason": "O_DIRECT'
rm r.json
if [[ $(stat -f -c %T /dev/shm 2>/dev/null) == tmpfs ]]; then
  fails 3 "files on a disk" native small.ini --dir /dev/shm --set page_cache.warm=0
  launch native small.ini --dir /dev/shm --repeat 1
  check "files in memory are warm" status_is 0
fi

# ---- Without privileges, and with little memory that may be locked.
as_nobody=(env)
[[ $(id -u) == 0 ]] && as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
chmod a+rx "$folder" "$folder/work"
every=$("$COPYPATH" native --help | sed -n '/^Paths:/,$s/^  \([a-z_]*\) .*/\1/p' |
  grep -vxE 'pread|mmap_read' | xargs)
if "${as_nobody[@]}" test -x "$COPYPATH"; then
  for limit in 65536 262144 8388608; do
    "${as_nobody[@]}" prlimit --memlock="$limit" "$COPYPATH" native small.ini --repeat 2 \
      --sink check --path "$every" --set workload.file_size=1MB \
      --set 'expect.read_write.syscalls.read = 32' >"$out" 2>"$err"
    status=$?
    without_remarks
    check "unprivileged, $limit bytes" status_is 0
    check "unprivileged, $limit bytes" is_empty "$err"
  done
  check "most paths work for everybody" test "$(grep -c '^skipped: ' "$out")" -le 3
fi

# ---- Endings. A folder of its own shows what is left.
mkdir files
cat >long.ini <<'END'
path = sendfile
[workload]
file_size = 10MB
requests = 100000
[page_cache]
warm = 1
END
children_of() { ps -o pid= --ppid "$1"; }
gone() { # PROCESS... : waits for them to end
  for _ in {1..100}; do
    ps -o stat= -p "${*// /,}" 2>/dev/null | grep -qv '^Z' || return 0
    sleep 0.05
  done
  return 1
}
start() {
  "$COPYPATH" native long.ini --dir files --json result.json >"$out" 2>"$err" &
  parent=$!
  for _ in {1..200}; do
    [[ $(children_of "$parent") ]] && break
    sleep 0.05
  done
  sleep 0.5
  children=$(children_of "$parent" | xargs)
}
for signal in INT:130 TERM:143; do
  start
  check "the run is under way" test -n "$children"
  check "its files have no names" test -z "$(ls -A files)"
  kill -s "${signal%:*}" "$parent"
  wait "$parent" 2>/dev/null
  status=$?
  without_remarks
  check "SIG${signal%:*}" status_is "${signal#*:}"
  check "SIG${signal%:*}" test "$(<"$err")" = "copypath: interrupted"
  check "SIG${signal%:*}: no process is left" gone "$children"
  check "SIG${signal%:*}: no file is left" folder_holds files long.ini small.ini
done
start
kill -s KILL "$parent"
wait "$parent" 2>/dev/null
check "SIGKILL: no process is left" gone "$children"
check "SIGKILL: no file is left" folder_holds files long.ini small.ini
check "SIGKILL: no file is left" test -z "$(ls -A files)"
start
# shellcheck disable=SC2086
kill -s KILL $children
wait "$parent"
status=$?
check "clients that die" status_is 4
check "clients that die" says "$err" "the process of the clients has died"
check "clients that die leave nothing" folder_holds files long.ini small.ini
finish
