#!/usr/bin/env bash
# `run` and `compare` from end to end: reports, result records and exit statuses; the same bytes
# from two runs; nothing half-written when the disk is full or the output is closed.
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"
cat >small.ini <<'END'
path = read_write sendfile
[workload]
clients = 2
file_size = 1MB
[expect]
sendfile.cpu_copied_bytes = 0
read_write.cpu_copied_bytes = 4MB
END

# ---- Reports and records.
launch compare small.ini --json a.json
check "compare" status_is 0
check "compare" is_empty "$err"
check "compare" says "$out" "Expectations: 2 passed, 0 failed"
check "compare" says "$out" "sendfile moves 0 B instead of 4.00 MB with the CPU"
check "the report is plain ASCII of at most 100 columns" test -z \
  "$(LC_ALL=C grep -nE '[^ -~]|.{101}' "$out")"
cp "$out" first
launch compare small.ini --json b.json
check "the same report from two runs" cmp -s "$out" first
check "the same bytes of JSON from two runs" cmp -s a.json b.json
for key in '"scenario": "small.ini"' '"path": "read_write"' '"execution": "fluid"' \
  '"payload_bytes": 2000000,' '"cpu_copied_bytes": 4000000,' '"delivered_ok": true'; do
  check "JSON" says a.json "$key"
done
rm first a.json b.json

launch run small.ini --quiet
check "--quiet" status_is 0
check "--quiet" is_empty "$out"
check "--quiet" is_empty "$err"
launch run small.ini --path sendfile
check "an expectation on a path that was not run is skipped" says "$out" "1 passed, 0 failed, 1 skip"
check "an expectation on a path that was not run is skipped" status_is 0
launch run small.ini --path "sendfile read_write" --path sendfile --timing burst --json a.json
check "--path gives the order" test "$(grep -c '"path"' a.json)" = 2
check "--path gives the order" test "$(grep -m 1 '"path"' a.json | xargs)" = "path: sendfile,"
check "--timing" says a.json '"execution": "burst"'
rm a.json

sed 's/= 4MB/= 5MB/' small.ini >wrong.ini
launch run wrong.ini --json a.json
check "a failed expectation" status_is 1
check "a failed expectation" says "$out" "1 passed, 1 failed"
check "a failed expectation does not keep the results back" test -s a.json
launch run wrong.ini --quiet
check "a failed expectation" status_is 1
check "a failed expectation is an error with --quiet" says "$err" "read_write.cpu_copied_bytes"
rm wrong.ini a.json

# ---- Outputs.
echo old >t.vcd
launch run small.ini --path sendfile --trace t.vcd
check "one path: the trace has the name that was given" folder_holds small.ini t.vcd
check "one path" awk -f "$SOURCE_DIR/testbench/tests/check_vcd.awk" t.vcd
rm t.vcd
launch run small.ini --trace t.vcd --trace-window ..50us
check "several paths: a trace each" folder_holds small.ini t.read_write.vcd t.sendfile.vcd
for trace in t.*.vcd; do
  check "$trace is sound" awk -f "$SOURCE_DIR/testbench/tests/check_vcd.awk" "$trace"
done
rm t.*.vcd
launch run small.ini --quiet --json /dev/stdout
check "JSON on standard output" test "$(head -c 1 "$out")$(tail -n 1 "$out")" = "{}"
"$COPYPATH" run small.ini --quiet --json /dev/stdout | cmp -s - "$out"
check "JSON into a pipe is the same" test "${PIPESTATUS[*]}" = "0 0"

"$COPYPATH" run small.ini >&- 2>"$err"
status=$?
check "closed standard output" status_is 2
check "closed standard output" says "$err" "copypath: cannot write standard output"
"$COPYPATH" keys | true
check "a reader that has gone away is no error" test "${PIPESTATUS[0]}" = 141 -o "${PIPESTATUS[0]}" = 0
[[ $("$COPYPATH" run small.ini 2>&1 | head -n 1) == small.ini ]]
check "| head -n 1 shows one line and no error" test $? = 0

# ---- A full disk.
# Root could replace the machine's own device by mistake, so root gets one of the test's own.
full=/dev/full
if [[ $(id -u) == 0 ]]; then
  full=../full
  mknod "$full" c 1 7 2>/dev/null
fi
if [[ -c $full ]] && { : >"$full"; } 2>/dev/null; then
  for arguments in "--json $full" "--trace $full" "--path sendfile --trace $full"; do
    # shellcheck disable=SC2086
    fails 2 "cannot write $full: No space left on device" run small.ini $arguments
    check "$full is still a device" test -c "$full"
  done
  "$COPYPATH" run small.ini >"$full" 2>"$err"
  status=$?
  check "full standard output" status_is 2
  check "full standard output" says "$err" "standard output: No space left on device"
else
  echo "not tested: a full device, since this user has none"
fi
if unshare -m true 2>/dev/null; then
  unshare -m bash -s "$COPYPATH" >"$out" 2>"$err" <<'END'
mkdir full && mount -t tmpfs -o size=256k none full && cp small.ini full && cd full || exit 99
echo old >t.sendfile.vcd
head -c 200k /dev/zero >filler 2>/dev/null
before=$(ls -A)
"$1" run small.ini --path sendfile --quiet --trace t.sendfile.vcd
status=$?
[[ $(ls -A) == "$before" && $(<t.sendfile.vcd) == old ]] || { ls -A && exit 98; }
head -c 250k /dev/zero >>filler 2>/dev/null
"$1" run small.ini --quiet --json t.json
[[ $? == 2 && $(ls -A) == "$before" ]] || { ls -A && exit 97; }
exit $status
END
  status=$?
  rmdir full
  check "a disk that fills up" status_is 2
  check "a disk that fills up" says "$err" "No space left on device"
  check "a disk that fills up: the message names the trace" says "$err" "t.sendfile.vcd: "
else
  echo "not tested: a disk that fills up, since this user may not mount one"
fi
(ulimit -f 4 && exec "$COPYPATH" run small.ini --path sendfile --quiet --trace t.vcd) >"$out" 2>"$err"
status=$?
without_remarks
check "a trace larger than files may be" status_is 2
check "a trace larger than files may be" says "$err" "t.vcd: File too large"
check "nothing is left behind" folder_holds small.ini
finish
