#!/usr/bin/env bash
# The test of tests: a real file of odd size goes through every path and every kind of NIC. What
# tcpflow takes from the capture is that file; tshark finds no frame malformed, no checksum wrong,
# nothing lost, repeated or out of order.
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"
for tool in tshark tcpflow; do
  command -v "$tool" >/dev/null || { echo "skipped: $tool is missing" && exit 77; }
done
export HOME=$folder # they look for settings there
chmod 755 "$folder"  # and may give up root's rights before they read
head -c 200003 "$COPYPATH" >file
wanted=$(sha256sum <file)
cat >capture.ini <<'END_OF_SCENARIO'
[workload]
clients = 2
file = file
data = bytes
END_OF_SCENARIO

fields=(tcp.checksum.status ip.checksum.status _ws.malformed tcp.analysis.flags
  tcp.analysis.window_full tcp.flags.fin tls.record.content_type)
dissect() { # FILE : a line per frame with these fields
  tshark -n -r "$1" -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -T fields -E separator=, \
    "${fields[@]/#/-e}" >dissected 2>>"$err"
}
frames() { # CONDITION : how many lines of `dissected` fulfil it
  awk -F, "$1 { ++n } END { print n + 0 }" dissected
}
right='$1 == 1 && $2 == 1' wrong='$3 != "" || ($4 != "" && $5 == "")'
is_plain() { [[ $1 != *tls* && $1 != *compress* ]]; }
streams_are_the_file() { # CAPTURE : tcpflow's, of as many clients as there are
  local flows found=0 flow
  rm -rf flows && mkdir flows
  tcpflow -q -r "$1" -o flows >/dev/null 2>>"$err" || return 1
  for flow in flows/*.08000-*; do # what a server has sent
    [[ $(sha256sum <"$flow") == "$wanted" ]] || return 1
    found=$((found + 1))
  done
  flows=2
  [[ $1 == *proxy* ]] && flows=4 # the origin has sent it, too
  ((found == flows))
}

variants=("" "--set nic.scatter_gather=false" "--set nic.segmentation_offload=false"
  "--set nic.tls_offload=bounce" "--set nic.tls_offload=zerocopy" "--set socket.window=64KiB")
for variant in "${variants[@]}"; do
  paths="read_write sendfile msg_zerocopy_read proxy_splice ktls_sendfile" # for odd machines
  [[ $variant ]] || paths=all
  [[ $variant == *tls* ]] && paths="ktls_sendfile ktls_write"
  # shellcheck disable=SC2086
  launch run capture.ini --path "$paths" --quiet --pcap c.pcap $variant
  check "run $variant" status_is 0
  check "run $variant: there are captures" test -s "$(echo c.*.pcap | cut -d' ' -f1)"
  for capture in c.*.pcap; do
    what="$capture $variant"
    dissect "$capture"
    total=$(wc -l <dissected)
    check "$what: frames" test "$total" -gt 50
    check "$what: all are right" test "$(frames "$right")" = "$total"
    check "$what: nothing is wrong" test "$(frames "$wrong")" = 0
    check "$what: complete conversations" test "$(frames '$6 == 1')" -ge 4
    if is_plain "$capture"; then check "$what: tcpflow" streams_are_the_file "$capture"; fi
    [[ $capture == *tls* ]] && check "$what: records" test "$(frames '$7 ~ /23/')" -ge 20
  done
  rm -f c.*.pcap
done

# ---- Frames that get lost have left the adapter, and are sent again: no byte is missing.
launch run capture.ini --path sendfile --quiet --pcap c.pcap --set faults.frame_loss=3%
dissect c.pcap
check "lossy: all are right" test "$(frames "$right")" = "$(wc -l <dissected)"
check "lossy: something is sent again" test "$(frames "$wrong")" -gt 5
check "lossy: tcpflow" streams_are_the_file c.pcap
rm c.pcap

# ---- Several NICs, more queues than cores, the smallest rings, and a list of requests.
launch run capture.ini --path sendfile --quiet --pcap c.pcap --set faults.frame_loss=5% \
  --set nic.count=2 --set nic.queues=5 --set cpu.cores=2 --set nic.ring=19
dissect c.pcap
check "two NICs, lossy: all are right" test "$(frames "$right")" = "$(wc -l <dissected)"
check "two NICs, lossy: tcpflow" streams_are_the_file c.pcap
printf 'time,client,file,offset,length\n0,a,/x,0,150000\n0,b,/x,150000,50003\n0.001,b,/x,7,1\n' >l.csv
printf '[workload]\nkind = static_list\nlist = l.csv\ndata = bytes\n' >list.ini
launch run list.ini --path sendfile --quiet --pcap c.pcap --set faults.frame_loss=5%
check "a list: run" status_is 0
dissect c.pcap
check "a list: all are right" test "$(frames "$right")" = "$(wc -l <dissected)"
rm c.pcap l.csv list.ini

# ---- Where captures go, and what cannot be captured.
launch run capture.ini --path sendfile --quiet --pcap t.pcap
check "one path: the name that was given" folder_holds capture.ini dissected file flows t.pcap
rm -rf t.pcap flows dissected
fails 2 "nothing is on a wire with nic.link = loopback" run capture.ini --path sendfile \
  --pcap t.pcap --set nic.link=loopback
fails 2 "IP has no packets of nic.mtu = 64KiB" run capture.ini --path sendfile --pcap t.pcap \
  --set nic.mtu=64KiB --set socket.window=1MiB
check "nothing is left behind" folder_holds capture.ini file

# ---- An interrupt leaves what has happened so far.
"$COPYPATH" run capture.ini --path sendfile --pcap t.pcap --set workload.requests=100000 \
  --quiet >"$out" 2>"$err" &
program=$!
for _ in {1..200}; do
  [[ $(find . -name '.copypath-*' -size +100k) ]] && break
  sleep 0.05
done
kill -INT "$program"
wait "$program"
status=$?
without_remarks
check "interrupt" status_is 130
dissect t.pcap
check "interrupt: the capture is readable" test "$(frames "$right")" -gt 100
check "interrupt: nothing is wrong" test "$(frames "$wrong")" = 0
rm -f dissected
check "interrupt: nothing else is left" folder_holds capture.ini file t.pcap
finish
