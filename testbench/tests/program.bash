# shellcheck shell=bash
# What the tests of the program share: a folder of their own, running the program, and checking
# what it did. Sourced; a test that sources this ends with `finish`.
[[ -x ${COPYPATH-} ]] || { echo "skipped: COPYPATH names no program" && exit 77; }
failures=0
folder=$(readlink -f -- "$(mktemp -d)")
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
mkdir "$folder/work"
cd "$folder/work" || exit 1
out=$folder/out err=$folder/err

launch() { # ARGUMENT... : runs the program; leaves status, $out and $err
  "$COPYPATH" "$@" >"$out" 2>"$err"
  status=$?
  without_remarks
}
# The address sanitizer has faults of its own: it looks at a shadow of all memory that is read.
sanitized() { ldd "$COPYPATH" | grep -q libasan; }
# The address sanitizer remarks on the stacks of SystemC's coroutines, which it does not know.
without_remarks() { sed -i '/ASan is ignoring requested/,/^For details/d' "$err"; }
check() { # WHAT COMMAND...
  local what=$1
  shift
  "$@" && return
  failures=$((failures + 1))
  printf 'FAILED: %s: %s\n--- status %s\n--- stdout\n%s\n--- stderr\n%s\n' "$what" "$*" \
    "${status-}" "$(head -n 20 "$out")" "$(<"$err")"
}
says() { grep -qF -- "$2" "$1"; } # FILE TEXT
is_empty() { [[ ! -s $1 ]]; }
status_is() { [[ $status == "$1" ]]; }
folder_holds() { # NAME... : in alphabetical order
  [[ $(find . -mindepth 1 -maxdepth 1 -printf '%P\n' | LC_ALL=C sort | xargs) == "$*" ]]
}
fails() { # STATUS MESSAGE ARGUMENT... : ends so, says so on stderr, and prints nothing else
  local wanted=$1 message=$2
  shift 2
  launch "$@"
  check "copypath $*" status_is "$wanted"
  check "copypath $*" says "$err" "$message"
  check "copypath $*" is_empty "$out"
  check "copypath $*: every line is marked" test -z "$(grep -v '^copypath: ' "$err")"
}
finish() {
  ((failures == 0)) && exit 0
  echo "$failures checks failed"
  exit 1
}
