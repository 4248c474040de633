#!/usr/bin/env bash
# `copypath native --evidence`: what the kernel shows about the memory behind the bytes is what the
# model's ledger holds, to the byte, on loopback and on devices that lack abilities; and nothing is
# left behind, however a run ends.
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"
unset COLUMNS TMPDIR

launch native "$SOURCE_DIR/scenarios/evidence.ini" --repeat 1 --evidence
check "a run that is watched, or cannot be" status_is 0
if grep -q '^no evidence of copies: ' "$out"; then
  check "the reason is there" grep -qE '^no evidence of copies: .{20,}' "$out"
  ((failures == 0)) || finish
  echo "skipped: $(grep '^no evidence' "$out")" && exit 77
fi
check "the expectations of the model hold" says "$out" " passed, 0 failed"
check "all of them" test -z "$(grep skipped "$out")"
check "the table" grep -qE '^  sendfile +100\.0 % +0\.0 % +0\.0 % +0\.0 % +100\.0 %' "$out"

# provenance FILE METRICS : path and bytes, one line for each.
provenance() { grep -oE "\"(path|$2)\": [^,]*" "$1"; }
sent='sent_(file|other_file|user|kernel|linear)_bytes|read_copied_bytes'
received='received_(file|user|kernel)_bytes'

same() { # WHAT METRICS SCENARIO NATIVE_OPTION... : the model and the kernel agree
  local what=$1 metrics=$2 scenario=$3 veth=0
  shift 3
  [[ $* == *veth* ]] && veth=1
  launch run "$scenario" --quiet --json model.json
  check "$what: the model" status_is 0
  launch native "$scenario" --repeat 1 --evidence --quiet --json native.json "$@"
  check "$what: native" status_is 0
  check "$what: evidence" says native.json '"evidence": true'
  provenance model.json "$metrics" >model.txt
  provenance native.json "$metrics" >native.txt
  check "$what: as in the model" agree model.txt native.txt
}
# To the byte when it is sent over loopback. On virtual Ethernet a last packet may be sent again in part
# (a tail loss probe), and on its way to the receiver a runt may be merged with the packet before
# (skb_try_coalesce()): there, to a thousandth.
agree() { # MODEL NATIVE
  paste -d ' ' "$1" "$2" | awk -v veth="$veth" '
    { allowed = veth || $1 ~ /received/ ? 2469 : 0 }
    $1 != $3 || $1 ~ /path/ && $2 != $4 || $2 - $4 > allowed || $4 - $2 > allowed { print; bad = 1 }
    END { exit bad || NR == 0 }'
}

cat >all.ini <<'END_OF_SCENARIO'
path = read_write mmap_write sendfile splice vmsplice msg_zerocopy_mmap msg_zerocopy_read io_uring_zc direct_write user_tls user_tls_mmap
[workload]
clients = 2
file_size = 1234567B
chunk = 16KiB
[page_cache]
warm = 1
[nic]
link = loopback
END_OF_SCENARIO
same "odd sizes" "$sent|$received" all.ini
sed 's/^link.*/link = loopback\n[host]\nkernel = 6.18/; s/16KiB/1MiB/' all.ini >large.ini
same "large chunks" "$sent|$received" large.ini
sed 's/^chunk.*/&\nsink = copy/' all.ini >copying.ini
same "clients that copy" "$sent|$received" copying.ini --sink copy

# On virtual Ethernet, which needs namespaces.
sed 's/^link.*/link = ethernet/; s/ io_uring_zc direct_write//' all.ini >ethernet.ini
launch native ethernet.ini --repeat 1 --link veth --quiet
if [[ $status == 0 ]]; then
  same "a capable NIC" "$sent" ethernet.ini --link veth
  for lacking in scatter_gather segmentation_offload checksum_offload; do
    sed "s/^link.*/&\n$lacking = false/" ethernet.ini >lacking.ini
    same "a NIC without $lacking" "$sent" lacking.ini --link veth
  done
else
  echo "not checked: $(<"$err")"
fi

# ---- Without privileges everything else is reported.
chmod a+rx "$folder" "$folder/work"
as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
if [[ $(id -u) == 0 ]] && "${as_nobody[@]}" test -x "$COPYPATH" -a -r ethernet.ini; then
  "${as_nobody[@]}" "$COPYPATH" native copying.ini --path sendfile --repeat 1 --evidence >"$out" 2>"$err"
  status=$?
  check "unprivileged" status_is 0
  check "unprivileged: the reason" says "$out" "no evidence of copies: the kernel lets only root"
  check "unprivileged: the rest" says "$out" "CPU time per GB"
  "${as_nobody[@]}" "$COPYPATH" native ethernet.ini --path sendfile --link veth >"$out" 2>"$err"
  status=$?
  check "unprivileged, virtual Ethernet" status_is 3
  check "unprivileged, virtual Ethernet" says "$err" "takes root's rights"
fi

# ---- Nothing is left, even if there is no time to tidy up.
# The network namespaces of a process and its children; empty when they are gone.
networks_of() { readlink /proc/"$1"/ns/net $(sed 's|[0-9]*|/proc/&/ns/net|g' "/proc/$1/task/$1/children"); }
still_there() { # NAMESPACES
  for name in $1; do
    find /proc/[0-9]*/ns/net -maxdepth 0 -lname "$name" 2>/dev/null | grep -q . && return 0
  done
  return 1
}
own=$(readlink /proc/self/ns/net)
for signal in INT KILL; do
  "$COPYPATH" native ethernet.ini --link veth --evidence --set workload.file_size=2GB \
    --set workload.files=1 --path read_write --repeat 50 >"$out" 2>"$err" &
  child=$!
  networks=
  for ((i = 0; i < 100 && $(wc -w <<<"$networks") < 2; ++i)); do
    sleep 0.1
    networks=$(networks_of "$child" 2>/dev/null | grep -vF "$own" | sort -u)
  done
  check "two namespaces, or none at all" test "$(wc -w <<<"$networks")" -ne 1
  kill -"$signal" "$child"
  wait "$child" 2>/dev/null
  for ((i = 0; i < 100; ++i)); do
    still_there "$networks" || break
    sleep 0.1
  done
  check "SIG$signal: the namespaces are gone" eval ! still_there '"$networks"'
done
finish
