#!/usr/bin/env bash
# `copypath validate`: the matrix of scenarios/validation/ in its quick form. The model's counters are
# those of real system calls; no time is judged here.
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"
unset COLUMNS TMPDIR
fails 2 "validate: which scenario?" validate
fails 2 "--repeat: 0 is out of range" validate x.ini --repeat 0
fails 2 "nowhere.ini" validate nowhere.ini
fails 2 "none of its paths can be run natively" validate "$SOURCE_DIR/scenarios/web_server.ini"
matrix=$SOURCE_DIR/scenarios/validation
fails 2 "--host: host: no host profile 'none.ini'" validate "$matrix/proxy.ini" --host none.ini
check "bad input leaves nothing behind" folder_holds

# No output replaces what a run is made of, or another output.
cp "$matrix/populated.ini" own.ini
cp "$SOURCE_DIR/scenarios/hosts/textbook.ini" h.ini
head -c 4096 /dev/zero >data.bin
fails 2 "own.ini: it is an input of this run" validate own.ini --json own.ini
fails 2 "h.ini: it is an input of this run" validate own.ini --host h.ini --html h.ini
fails 2 "data.bin: it is an input of this run" validate own.ini --set workload.file=data.bin --json data.bin
fails 2 "it is named for two outputs" validate own.ini --json a.out --markdown ./a.out
check "they are as they were" cmp own.ini "$matrix/populated.ini"
check "they are as they were" cmp h.ini "$SOURCE_DIR/scenarios/hosts/textbook.ini"
check "nothing else" folder_holds data.bin h.ini own.ini
rm data.bin h.ini own.ini

launch calibrate --rounds 1 --quiet --output h.ini
check "a host profile" status_is 0
quick=(--counters --host h.ini)
warm=("$matrix"/small_folios_*.ini)
whole=("$matrix"/copying_*.ini)
if sanitized; then  # and of small buffers
  warm=("$matrix"/small_folios_{4k,16k}.ini)
  whole=("$matrix"/copying_{4k,16k}.ini)
  quick+=(--set "path = read_write sendfile splice")
else
  warm+=("$matrix"/{random_reader,populated,compressing}.ini)
  whole+=("$matrix"/sleeping_*.ini "$matrix"/proxy_*.ini)
fi
# Whole blocks, but not whole chunks: O_DIRECT reads all of a block of which the file may have a part.
launch validate "${warm[@]}" "${quick[@]}" \
  --set workload.file_size=3000KiB --json v.json --markdown v.md --html v.html
check "counters of warm files" status_is 0
check "counters of warm files" grep -qE '^holds: every counter is the same: 0 of [0-9]{3,} differ' "$out"
check "plain ASCII" test -z "$(LC_ALL=C grep -n '[^ -~]' "$out" v.md v.html v.json)"
check "the page" says v.md "| \`sendfile\` |"
check "the record" says v.json '"holds": true'
check "the profile it was predicted from" says v.json '"profile": "# This machine, as `copypath calibrate` has'
check "the files" folder_holds h.ini v.html v.json v.md

launch validate "${whole[@]}" "${quick[@]}" --set workload.file_size=3000KiB
check "counters of other receivers" status_is 0
grep skipped "$out"  # where O_DIRECT or io_uring is missing

# Over virtual Ethernet, which needs namespaces.
if ! sanitized; then
  launch validate "$matrix/proxy.ini" "${quick[@]}" --set workload.file_size=3MB
  if [[ $status == 3 ]]; then
    echo "not checked, proxies: $(<"$err")"
  else
    check "counters of proxies" status_is 0
  fi
fi

launch validate "$matrix"/cold_*.ini "${quick[@]}" --set workload.file_size=3MiB
if [[ $status == 3 ]]; then
  echo "not checked, cold files: $(<"$err")"
else
  check "counters of cold files" status_is 0
fi

sanitized && finish

# Of several scenarios each says what has come of it. An interrupt leaves those that are done, on
# standard output, and no file.
"$COPYPATH" validate "$matrix"/small_folios_{64k,4k}.ini "${quick[@]}" --repeat 20 \
  --set workload.file_size=16MiB --json partial.json >"$out" 2>"$err" &
process=$!
for _ in {1..600}; do
  grep -q 'scenario 1 of 2' "$err" && break
  sleep 0.1
done
kill -s INT "$process"
wait "$process"
status=$?
without_remarks
check "interrupted" status_is 130
check "what the first scenario has given" says "$err" \
  "scenario 1 of 2 (warm, small folios, 64 KiB): every claim holds"
check "its report" says "$out" "Interrupted; scenarios not judged: 1"
check "its verdict" says "$out" "holds: every counter is the same"
check "no record of a part" folder_holds h.ini v.html v.json v.md

# Files and calls that end within a page and a block: what is counted in those is left aside.
launch validate "$matrix/copying_4k.ini" "${quick[@]}" --set workload.file_size=30011B \
  --set workload.chunk=1001B --set "path = read_write sendfile"
check "counters of an odd file" status_is 0
check "counters of an odd file" grep -qE '^holds: every counter is the same: 0 of [0-9]{2,} differ' "$out"

# A model that is wrong is found.
launch validate "$matrix/small_folios_64k.ini" "${quick[@]}" --set workload.file_size=3MB \
  --set page_cache.fault_around=32KiB
check "a wrong model" status_is 1
check "a wrong model" says "$err" "validation failed: every counter is the same"
check "what differs" grep -qE '^mmap_write.faults_minor: predicted [0-9]+, measured [0-9]+' "$out"
finish
