#!/usr/bin/env bash
# Waveforms say what the result record says, and traces/copypath.gtkw shows them: every lane that it
# names is traced, words decode, lanes of movements agree with the bytes moved and with the time
# that these take, and GTKWave displays them.
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"
tests=$SOURCE_DIR/testbench/tests
save=$SOURCE_DIR/traces/copypath.gtkw
first_look=$SOURCE_DIR/scenarios/first_look.ini

# Round rates, so that the times below follow from them.
rates=(--set cpu.copy_rate=10GB/s --set disk.bandwidth=8GB/s --set pcie.disk_generation=5)
cat >busy.ini <<'END'
host = hosts/textbook.ini
path = read_write sendfile
[cpu]
cores = 1
[socket]
send_buffer = 64KiB
[workload]
kind = file_server
clients = 4
requests = 2
file_size = 256KiB
END
sed 's/^cores = 1/cores = 8/' busy.ini >threads.ini
for timing in burst fluid; do
  launch run "$first_look" "${rates[@]}" --timing $timing --trace $timing.vcd
  check "first_look, $timing" status_is 0
done
for scenario in busy threads; do
  launch run $scenario.ini --trace $scenario.vcd
  check "$scenario" status_is 0
done
launch run threads.ini --path proxy_splice --trace proxy.vcd
check "a proxy" status_is 0
launch run threads.ini --path sendfile --set nic.link=loopback --trace loopback.vcd
check "loopback" status_is 0
launch run "$first_look" --path read_write --trace whole.vcd
launch run "$first_look" --path read_write --trace window.vcd --trace-window 90us..120us
check "a window" status_is 0
launch run "$first_look" --json traced.json --trace looked_at.vcd
launch run "$first_look" --json untraced.json
check "a waveform of every burst changes no result" cmp -s traced.json untraced.json
for trace in *.vcd; do
  check "$trace is sound" awk -f "$tests/check_vcd.awk" "$trace"
  awk -f "$tests/vcd_lanes.awk" "$trace" >"${trace%.vcd}.lanes"
done

# ---- Reading lanes. TRACE is a name without suffix, LANE one without SystemC and the range of bits.
values() { # TRACE LANE
  awk -v lane="SystemC.$2" '{ name = $2; sub(/\[.*/, "", name) } name == lane { print $3 }' "$1.lanes"
}
shows() { values "$1" "$2" | grep -qxF -- "$3"; } # TRACE LANE WORD
never_shows() { ! shows "$@"; }
is_always() { [[ $(values "$1" "$2" | sort -u) == "$3" ]]; } # TRACE LANE VALUE
last() { values "$1" "$2" | tail -n 1; }
ends_at() { [[ $(last "$1" "$2") == "$3" ]]; } # TRACE LANE VALUE
time_of() { # TRACE LANE [VALUE] : for how many picoseconds the lane is that (default: not 0)
  awk -v lane="SystemC.$2" -v wanted="${3-}" '
    { name = $2; sub(/\[.*/, "", name) }
    name == lane {
      if (on) total += $1 - since
      on = wanted == "" ? $3 != 0 : $3 == wanted
      since = $1
    }
    END { printf "%.0f\n", total }' "$1.lanes"
}
at_least() { (($1 >= $2)); }
about() { (($1 - $2 <= $3 && $2 - $1 <= $3)); } # VALUE EXPECTED TOLERANCE

# ---- The save file: the lanes that exist, in closed groups, in the colours of their agents.
sed -n 's/^\(+{.*} \)\?\(SystemC\..*\)$/\2/p' "$save" | sort >named
cut -d ' ' -f 2 ./*.lanes | sort -u >traced
check "each lane that is traced is in the save file" test -z "$(comm -13 named traced)"
check "no lane is in the save file twice" test -z "$(uniq -d named)"
check "lanes of what a path never does are left out" test -z "$(grep mmap traced)"
check "but for those of the textbook" grep -q 'movements.copy_to_user\[' fluid.sendfile.lanes
check "the save file names no files" test -z "$(grep -E '^\[(dump|save)file|\.vcd"' "$save")"
check "the save file is plain ASCII" test -z "$(LC_ALL=C grep -n '[^ -~]' "$save")"
check "the CPU's copies are red, DMA is green" test -z "$(awk '
  /^\[color\]/ { color = $2 }
  /\(CPU copy\)/ && color != 1 || /\(DMA\)/ && color != 4' "$save")"
check "every group is closed" test -z "$(awk '
  begin { open[++depth] = $0 }
  end && open[depth--] != $0
  { begin = /^@(800200|c00200)$/; end = /^@(1000200|1401200)$/ }
  END { if (depth != 0) print depth " open" }' "$save")"

# ---- Movements: how many bytes, and for how long.
file=262144
used() { # PATH MOVEMENT PICOSECONDS_PER_BYTE [TOLERANCE]
  local timing lane=movements.$2
  for timing in burst fluid; do
    check "$timing, $1: $2 moves the file" ends_at $timing."$1" "${lane}_bytes" $file
    check "$timing, $1: $2 has ended" ends_at $timing."$1" "$lane" 0
    check "$timing, $1: $2 is not faster than its engine" \
      at_least "$(time_of $timing."$1" "$lane")" $((file * $3))
  done
  # Nothing is scarce, so each transfer has its engine's rate; each may be rounded to a picosecond.
  check "fluid, $1: $2 takes the time of its bytes" \
    about "$(time_of fluid."$1" "$lane")" $((file * $3)) "${4-100}"
}
unused() { # PATH MOVEMENT
  local timing
  for timing in burst fluid; do
    check "$timing, $1: $2 stays flat" is_always $timing."$1" "movements.$2" 0
    check "$timing, $1: $2 moves nothing" is_always $timing."$1" "movements.$2_bytes" 0
  done
}
used read_write disk_read 125
used read_write copy_to_user 100
used read_write copy_from_user 100
# PCIe 3.0 x8, 256 bytes in packets of 276: 149.003 ps per byte, and a fragment's last packet is
# not full.
used read_write transmit_copy 149 $((file * 149 / 100))
unused read_write transmit_page
used sendfile disk_read 125
unused sendfile copy_to_user
unused sendfile copy_from_user
unused sendfile transmit_copy
used sendfile transmit_page 149 $((file * 149 / 100))

for timing in burst fluid; do
  for copy in copy_to_user copy_from_user; do
    check "$timing: the thread does a copy as long as it goes on" test \
      "$(time_of $timing.read_write server.thread0.state $copy)" = \
      "$(time_of $timing.read_write movements.$copy)"
    check "$timing: a thread in sendfile() copies nothing" \
      never_shows $timing.sendfile server.thread0.state $copy
  done
  check "$timing: read() and write() of 4 chunks" ends_at $timing.read_write kernel.mode_switches 16
  check "$timing: sendfile() of 4 chunks" ends_at $timing.sendfile kernel.mode_switches 8
  check "$timing: the client has it all" ends_at $timing.sendfile clients.delivered_bytes $file
done

# ---- The bus: bursts carry all crossings, and a core has it only where the CPU copies.
crossings() { # PATH CROSSINGS
  local grants least=$((file * $2 / 256)) # bursts of 256 bytes
  grants=$(last "burst.$1" memory.bus_grants)
  check "$1: bursts carry every crossing" at_least "$grants" $least
  check "$1: and little else" at_least $((least * 105 / 100)) "$grants"
  check "$1: the disk has the bus" shows "burst.$1" memory.bus_owner disk
  check "$1: the NIC has the bus" shows "burst.$1" memory.bus_owner nic
}
crossings read_write 6
crossings sendfile 2
check "a core has the bus for copies" shows burst.read_write memory.bus_owner core
check "no core has the bus in sendfile()" never_shows burst.sendfile memory.bus_owner core
check "fluid timing shows a load" at_least "$(time_of fluid.sendfile memory.bus_load_percent)" 1

# ---- Words.
words() { # TRACE LANE WORD...
  local word
  for word in "${@:3}"; do check "$1: $2 shows $word" shows "$1" "$2" "$word"; done
}
for timing in burst fluid; do
  words $timing.read_write cpu.core0.mode kernel irq switch -
  words $timing.read_write cpu.core0.call read write -
  words $timing.read_write server.thread0.call read write -
  words $timing.read_write server.thread0.state kernel wait_disk copy_to_user copy_from_user -
  words $timing.sendfile server.thread0.call sendfile -
  words $timing.sendfile server.thread0.state kernel wait_disk -
  check "$timing: a core without work is silent" is_always $timing.sendfile cpu.core3.mode -
done
for path in read_write sendfile; do
  for thread in 0 1 2 3; do
    words busy.$path server.thread$thread.state run_queue context_switch kernel wait_send_buffer \
      wait_request -
  done
  check "$path: one core never runs two threads" test -z "$(awk '
    /thread.\.state/ {
      if ($1 != time && running > 1) { print time; exit }
      time = $1
      now = $3 ~ /^(kernel|user|copy_.*|context_switch)$/
      running += now - runs[$2]
      runs[$2] = now
    }' busy.$path.lanes)"
done

# ---- A window begins with its own time, and shows the same as the whole.
from=90000000 to=120000000
changes() { # TRACE : within the window, after the values at its start
  awk -v from=$from -v to=$to '
    $1 <= from { start[$2] = $3 }
    $1 > from && $1 <= to
    END { for (lane in start) print from, lane, start[lane] }' "$1.lanes" | sort >"$1.changes"
}
check "a window begins at its start" grep -qxF "#$from" window.vcd
changes whole
changes window
check "a window shows what the whole does" diff whole.changes window.changes
check "a window shows a copy" shows window movements.copy_to_user 1

# ---- GTKWave itself.
if ! command -v gtkwave >/dev/null || ! command -v xvfb-run >/dev/null; then
  echo "not tested: GTKWave, since gtkwave or xvfb-run is not installed"
  finish
fi
cat >ask.tcl <<'END'
puts "lanes: [gtkwave::getDisplayedSignals]"
puts "from: [gtkwave::getMinTime]"
gtkwave::setMarker $::env(MARKER)
puts "thread: [gtkwave::getTraceValueAtMarkerFromName {thread 0}]"
puts "call: [gtkwave::getTraceValueAtMarkerFromName {thread 0: system call}]"
exit
END
opens() { # TRACE WORD CALL : GTKWave shows all its lanes, and these words at a time when they hold
  local begin
  begin=$(awk -v word="$2" '/thread0\.state/ && $3 == word { print $1; exit }' "$1.lanes")
  HOME=$folder MARKER=$((begin + 1000)) timeout 100 \
    xvfb-run -a gtkwave --script ask.tcl "$1.vcd" "$save" >"$out" 2>"$err" </dev/null
  status=$?
  check "GTKWave opens $1.vcd" status_is 0
  sed -n 's/^lanes: //p' "$out" | xargs -n 1 | sort >shown
  cut -d ' ' -f 2 "$1.lanes" | sort -u >traced
  check "GTKWave shows every lane of $1.vcd" diff traced shown
  check "GTKWave shows words" grep -qxF "thread: ${2//_/ }" <(sed 's/_/ /g' "$out")
  check "GTKWave shows words" grep -qxF "call: $3" "$out"
}
opens burst.read_write copy_to_user read
opens burst.sendfile wait_disk sendfile
opens fluid.read_write copy_from_user write
opens threads.sendfile wait_send_buffer sendfile
opens window copy_to_user read
check "GTKWave begins at the window's start" grep -qxF "from: $from" "$out"
finish
