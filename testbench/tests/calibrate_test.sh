#!/usr/bin/env bash
# `copypath calibrate`: a host profile that is complete and that scenarios take, in which every value
# says what it follows from; nothing half-written, and nothing left behind.
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"
unset COLUMNS TMPDIR

fails 2 "--rounds: 0 is out of range" calibrate --rounds 0
fails 2 "--dir: 'no' is not a folder" calibrate --dir no
fails 2 "cannot write no/h.ini" calibrate --output no/h.ini
fails 2 "calibrate: unexpected argument 'x.ini'" calibrate x.ini
check "bad input leaves nothing behind" folder_holds

launch calibrate --rounds 1 --output h.ini --json c.json
check "a calibration" status_is 0
check "no complaints" is_empty "$err"
check "plain ASCII" test -z "$(LC_ALL=C grep -n '[^ -~]' "$out" h.ini)"
check "the primitives" says "$out" "system_call"
check "the record" says c.json '"name": "system_call"'
check "every value says how sure it is, and from what it follows" test -z \
  "$(grep -vE '^$|^#|^\[[a-z_]+\]$|^[a-z_]+ = [^ ]+ +# (sure|fair|rough|assumed|by definition): .' h.ini)"
for key in syscall context_switch copy_rate copy_rate_cached page_lookup minor_fault skb receive pin_page \
  crypto_rate compress_rate checksum_rate; do
  check "$key is measured" grep -q "^$key = " h.ini
done
check "the files" folder_holds c.json h.ini

cat >small.ini <<'END_OF_SCENARIO'
host = h.ini
path = read_write sendfile
[workload]
file_size = 1MB
[nic]
link = loopback
[page_cache]
warm = 1
END_OF_SCENARIO
launch run small.ini --quiet
check "a scenario takes the profile" status_is 0
check "a scenario takes the profile" is_empty "$err"

fails 2 "it is named for two outputs" calibrate --rounds 1 --output i.ini --json i.ini

# Where no memory may be locked there is no MSG_ZEROCOPY: not measured, instead of tried for ever.
without=()
[[ $(id -u) == 0 ]] && without=(setpriv --bounding-set=-ipc_lock)  # which no limit holds for
if "${without[@]}" true; then
  (ulimit -l 0 && exec "${without[@]}" "$COPYPATH" calibrate --rounds 1) >"$out" 2>"$err"
  status=$?
  check "without locked memory" status_is 0
  check "without locked memory" says "$out" \
    "not measured: send_zerocopy_4k: MSG_ZEROCOPY: the limits of locked memory"
fi

"$COPYPATH" calibrate --output i.ini --quiet >"$out" 2>"$err" &
sleep 2
kill -INT $!
wait $!
status=$?
check "interrupted" test "$status" -eq 130
check "nothing is half-written" folder_holds c.json h.ini small.ini
finish
