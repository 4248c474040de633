#!/usr/bin/env bash
# `sweep` from end to end: the report, CSV and JSON; the same bytes whether it runs through or is
# stopped, killed, and gone on with; bad values; nothing half-written, nothing left behind.
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"
cat >small.ini <<'END'
path = read_write sendfile
[workload]
clients = 4
file_size = 2MB
END
vary=(--vary memory.bandwidth=2GB/s,8GB/s,32GB/s --vary workload.chunk=16KiB,64KiB)

launch sweep small.ini "${vary[@]}" --csv a.csv --json a.json
check "sweep" status_is 0
check "sweep" is_empty "$err"
check "sweep" says "$out" "memory.bandwidth = 2GB/s, workload.chunk = 16KiB"
check "sweep: crossovers" says "$out" "bottleneck of read_write: memory_bus up to memory.bandwidth = "
check "sweep: plain ASCII of at most 100 columns" test -z "$(LC_ALL=C grep -nE '[^ -~]|.{101}' "$out")"
check "only the outputs are left" folder_holds a.csv a.json small.ini
check "a row for each path at each point" test "$(grep -c ',0,\(read_write\|sendfile\),' a.csv)" = 12
check "every row has as many fields" test "$(awk -F, '{ print NF }' a.csv | sort -u | wc -l)" = 1
check "all delivered" test "$(grep -c ',true$' a.csv)" = "$(($(wc -l <a.csv) - 1))"
check "JSON" says a.json '"what": "bottleneck of read_write"'
cp "$out" first

launch sweep small.ini "${vary[@]}" --csv b.csv --json b.json
check "the same report from two sweeps" cmp -s "$out" first
check "the same CSV" cmp -s a.csv b.csv
check "the same JSON" cmp -s a.json b.json
rm first b.csv b.json

launch sweep small.ini --vary nic.scatter_gather=true,false --quiet --csv /dev/stdout
check "a switch varies, too" status_is 0
check "CSV on standard output" test "$(wc -l <"$out")" = 5
check "no state beside a device" folder_holds a.csv a.json small.ini

# ---- Stopped, and gone on with.
sed 's/2MB/60MB/' small.ini >long.ini
launch sweep long.ini "${vary[@]}" --csv whole.csv --json whole.json --quiet
check "without a stop" status_is 0
for signal in INT:130 TERM:143 KILL:137; do
  "$COPYPATH" sweep long.ini "${vary[@]}" --csv b.csv --json b.json --quiet >"$out" 2>"$err" &
  sweep=$!
  for _ in {1..600}; do # until there are results
    (($(wc -l 2>/dev/null <b.csv.resume || echo 0) > 3)) && break
    sleep 0.02
  done
  kill -s "${signal%:*}" "$sweep"
  wait "$sweep" 2>/dev/null
  status=$?
  if [[ $status == 0 ]]; then
    echo "not tested: SIG${signal%:*}, the sweep was too fast"
    rm -f b.csv b.json
    continue
  fi
  check "SIG${signal%:*}" status_is "${signal#*:}"
  check "SIG${signal%:*}: no results" test ! -e b.csv -a ! -e b.json
  check "SIG${signal%:*}: what is done is kept" test -s b.csv.resume
  printf 'half a li' >>b.csv.resume
  launch sweep long.ini "${vary[@]}" --csv b.csv --json b.json
  check "going on" status_is 0
  check "going on" says "$err" "going on from"
  check "going on: the same CSV" cmp -s whole.csv b.csv
  check "going on: the same JSON" cmp -s whole.json b.json
  rm -f b.csv b.json .copypath-*
  check "going on: nothing is left" folder_holds a.csv a.json long.ini small.ini whole.csv whole.json
done
rm -f long.ini whole.csv whole.json
echo "my notes" >b.csv.resume
fails 2 "b.csv.resume: it is there, and not what an interrupted sweep has left" \
  sweep small.ini "${vary[@]}" --csv b.csv
check "somebody's notes are kept" test "$(<b.csv.resume)" = "my notes"
rm b.csv.resume

# ---- Bad input: every value with what is accepted, and nothing is written.
launch sweep small.ini --vary nic.rate=1,2Gbps --vary cpu.cores=0,many,2 --csv b.csv
for message in "nic.rate: '1' has no unit" "cpu.cores: '0' is out of range, accepted: 1 to 256" \
  "cpu.cores: 'many' is not a number"; do
  check "every bad value is reported" says "$err" "--vary: $message"
done
fails 2 "did you mean 'nic.rate'?" sweep small.ini --vary nic.rte=1Gbps
fails 2 "what varies?" sweep small.ini
fails 2 "expected KEY=VALUE" sweep small.ini --vary nic.rate
fails 2 "is listed twice" sweep small.ini --vary nic.rate=1Gbps,1000Mbps
fails 2 "varies already" sweep small.ini --vary nic.rate=1Gbps --vary nic.rate=2Gbps
fails 2 "--path names the paths" sweep small.ini --vary path=sendfile
fails 2 "is set twice" sweep small.ini --vary nic.rate=1Gbps --set nic.rate=2Gbps
fails 2 "is not a power of two" sweep small.ini --vary memory.burst=64B,100B --csv b.csv
fails 2 "--precision: '90%' is out of range" sweep small.ini --vary cpu.cores=1,2 --precision 90%
fails 2 "it is named for two outputs" sweep small.ini --vary cpu.cores=1,2 --csv b --json b
fails 2 "is an input of this run" sweep small.ini --vary cpu.cores=1,2 --csv small.ini
cp "$SOURCE_DIR/scenarios/hosts/textbook.ini" one.ini && cp one.ini two.ini
fails 2 "cannot write two.ini: it is an input of this run" \
  sweep small.ini --vary host=one.ini,two.ini --csv two.ini
check "the profile of the second host is still there" cmp -s one.ini two.ini
rm one.ini two.ini
fails 2 "the grid is larger than" sweep small.ini --vary "cpu.cores=$(seq -s, 1 256)" \
  --vary "workload.batch=$(seq -s, 1 500)"
check "nothing is left behind" folder_holds a.csv a.json small.ini
finish
