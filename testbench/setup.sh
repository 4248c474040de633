# shellcheck shell=bash disable=SC2154
# What ./copypath and ./run-tests share: installing what is missing and building what is out of
# date. Sourced, with `root` set to the checkout. Speaks on stderr only; stdout is the program's.

say() { printf 'copypath: %s\n' "$*" >&2; }

fail() {  # STATUS MESSAGE...
  local status=$1
  shift
  say "$@"
  exit "$status"
}

# Installs the packages of the given kinds (run, test) that are missing.
need_packages() {
  command -v dpkg-query >/dev/null || return 0  # not Debian: CMake will name what it does not find
  local kind package wanted=() missing=() installed
  while read -r kind package; do
    [[ " $* " == *" $kind "* ]] && wanted+=("$package")
  done <"$root/testbench/packages.txt"
  installed=$(dpkg-query -W -f '${db:Status-Status}:${Package}\n' "${wanted[@]}" 2>/dev/null)
  for package in "${wanted[@]}"; do
    [[ $'\n'$installed$'\n' == *$'\n'"installed:$package"$'\n'* ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  local as_root=(env DEBIAN_FRONTEND=noninteractive)
  local install="apt-get install -y --no-install-recommends ${missing[*]}"
  if [[ $(id -u) != 0 ]]; then
    if ! sudo -n true 2>/dev/null; then
      say "these Debian packages are missing, and installing them takes root's rights. Type:"
      if command -v sudo >/dev/null; then
        printf '  sudo apt-get update && sudo %s\n' "$install" >&2
      else
        printf "  su -c 'apt-get update && %s'\n" "$install" >&2
      fi
      exit 3
    fi
    as_root=(sudo -n "${as_root[@]}")
  fi
  say "installing ${missing[*]}"
  local log
  log=$("${as_root[@]}" apt-get update 2>&1 </dev/null &&
    "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends \
      "${missing[@]}" 2>&1 </dev/null) && return 0
  printf '%s\n' "$log" >&2
  fail 3 "the packages could not be installed: ${missing[*]}"
}

# Shows the steps of ninja as one line that is overwritten on a terminal, as a single message
# elsewhere; keeps quiet when there are none. Everything else ninja says goes to the file $1.
show_progress() {
  local line started=
  while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+/[0-9]+)\] ]]; then
      [[ $line == *"Re-checking globbed"* || $line == *"Re-running CMake"* ]] && continue
      if [[ -t 2 ]]; then
        printf '\r\e[Kcopypath: building %s' "${BASH_REMATCH[1]}" >&2
      elif [[ -z $started ]]; then
        say "building ${BASH_REMATCH[1]#*/} steps in ${2#"$root"/}"
      fi
      started=yes
    fi
    printf '%s\n' "$line" >>"$1"
  done
  [[ $started && -t 2 ]] && printf '\r\e[K' >&2
  return 0
}

# build FOLDER TARGET [CMAKE OPTION...]: brings TARGET in FOLDER up to date. Options given are
# applied; without any, a folder that has been configured keeps its own. Only one build at a time
# works in a folder; the others wait for it.
build() (
  folder=$root/$1 target=$2
  shift 2
  mkdir -p "$folder" || fail 3 "cannot create $folder"
  exec 9>"$folder/lock" || fail 3 "cannot write in $folder"
  if ! flock -w 3 9; then
    say "waiting for another build in ${folder#"$root"/}"
    flock 9
  fi
  log=$folder/build.log
  : >"$log" || fail 3 "cannot write in $folder"

  options=("$@")
  if [[ ! -e $folder/build.ninja ]] ||
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    # New, of another build tool, or moved here together with its checkout.
    options+=(--fresh)
    [[ $* ]] || options+=(-DCOPYPATH_TESTS=OFF)
  fi
  if ((${#options[@]})); then
    if ! cmake -S "$root" -B "$folder" -G Ninja "${options[@]}" >>"$log" 2>&1 9>&-; then
      cat "$log" >&2
      fail 3 "cannot be configured here; the reason is above"
    fi
    : >"$log"
  fi
  ninja -C "$folder" ${CMAKE_BUILD_PARALLEL_LEVEL:+-j "$CMAKE_BUILD_PARALLEL_LEVEL"} "$target" \
    2>&1 9>&- | show_progress "$log" "$folder"
  if ((PIPESTATUS[0])); then
    grep -vE '^(\[[0-9]+/[0-9]+\]|ninja: Entering|-- )' "$log" >&2
    fail 4 "building failed; the compiler's messages are above"
  fi
)
