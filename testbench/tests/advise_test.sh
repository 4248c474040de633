#!/usr/bin/env bash
# `advise` and `convert-log` from end to end: what they print, what they write, how they end.
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"
cat >small.ini <<'END'
path = read_write
[workload]
clients = 4
file_size = 1MB
END

launch advise small.ini --json a.json
check "advise" status_is 0
check "advise" is_empty "$err"
check "advise: plain ASCII of at most 100 columns" test -z "$(LC_ALL=C grep -nE '[^ -~]|.{101}' "$out")"
check "advise: a recommendation" grep -qE '^(Use|Stay with) [a-z_]+' "$out"
check "advise: reasons" says "$out" "Ruled out:"
check "advise: what next" says "$out" "What would matter next: the next faster link (nic.rate = 25Gbps)"
check "advise: JSON" says a.json '"base": "read_write"'
cp "$out" first
launch advise small.ini --json b.json
check "the same advice twice" cmp -s "$out" first
check "the same JSON twice" cmp -s a.json b.json
rm first a.json b.json

launch advise small.ini --set workload.transform=tls
check "advise: TLS" says "$out" "Use ktls_sendfile."
check "advise: what it compares with" says "$out" "Against user_tls:"
launch advise small.ini --set workload.modifier=untrusted
check "advise: references" says "$out" "sendfile: passes references to the file's pages"
launch advise small.ini --path "read_write mmap_write" --quiet
check "advise --quiet" status_is 0
check "advise --quiet" is_empty "$out"
launch advise small.ini --path sendfile --set workload.transform=compress
check "advise: nothing fits" status_is 1
check "advise: nothing fits" says "$out" "No path can be used."
fails 2 "did you mean 'nic.rate'?" advise small.ini --set nic.rte=1Gbps
fails 2 "which scenario?" advise
fails 2 "no-such.ini" advise no-such.ini
fails 2 "is an input of this run" advise small.ini --json small.ini

# ---- Lists of requests, and logs that become one.
cat >access.log <<'END'
10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 50000
10.0.0.2 - - [10/Oct/2000:13:55:36 -0700] "GET /b HTTP/1.1" 200 70000 "-" "agent"
10.0.0.1 - - [10/Oct/2000:13:55:37 -0700] "HEAD /b HTTP/1.1" 200 0
10.0.0.1 - - [10/Oct/2000:13:55:37 -0700] "GET /b HTTP/1.1" 200 70000
END
launch convert-log access.log
check "convert-log" status_is 0
check "convert-log" test "$(sed -n 4p "$out")" = "1,10.0.0.1,/b,0,70000"
check "convert-log: what is left out" says "$err" "3 requests; 1 lines left out"
launch convert-log access.log --csv list.csv
check "convert-log --csv" test "$(wc -l <list.csv)" = 4
printf 'path = sendfile\n[workload]\nkind = static_list\nlist = list.csv\n' >list.ini
launch run list.ini --json r.json
check "a list is replayed" status_is 0
check "a list is replayed" says "$out" "2 clients with 3 requests of a list for 2 files"
check "a list is replayed" says r.json '"payload_bytes": 190000'
launch run list.ini --dump
cp "$out" dumped.ini
launch run dumped.ini --json s.json --quiet
check "a dumped list reads back" sed -i 's/dumped.ini/list.ini/' s.json
check "a dumped list reads back" cmp -s r.json s.json
rm r.json s.json dumped.ini
fails 2 "accepted: none with any other kind" run list.ini --set workload.kind=file_server
echo "rubbish" >>access.log
echo "more rubbish" >>access.log
fails 2 "access.log:5: is no line of an access log" convert-log access.log --csv new.csv
check "every bad line" says "$err" "access.log:6: "
echo "1,x,y,0,zero" >>list.csv
echo "x,x,y,0,1" >>list.csv
fails 2 "list.csv:5: length: 'zero' is no such number of bytes" run list.ini
check "every bad row" says "$err" "list.csv:6: time: 'x' is no time"
fails 2 "is set, but the list at" run list.ini --set workload.clients=3
fails 2 "is none, accepted: a CSV file" run small.ini --set workload.kind=static_list
fails 2 "which log?" convert-log
fails 2 "no-such.log" convert-log no-such.log
check "nothing is left behind" folder_holds access.log list.csv list.ini small.ini
finish
