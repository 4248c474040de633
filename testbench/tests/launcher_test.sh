#!/usr/bin/env bash
# What ./copypath promises, tried on a checkout whose "program" is a shell script that CMake makes
# in no time, on a machine whose packages, user and sudo are stubs.
# shellcheck disable=SC2016
failures=0
folder=$(readlink -f -- "$(mktemp -d)")
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
chmod 755 "$folder"
out=$folder/out err=$folder/err
checkout="$folder/a check out"

check() {  # WHAT COMMAND...
  local what=$1
  shift
  "$@" && return
  failures=$((failures + 1))
  printf 'FAILED: %s\n--- stdout\n%s\n--- stderr\n%s\n' "$what" "$(<"$out")" "$(<"$err")"
}
launch() { "$@" >"$out" 2>"$err"; status=$?; }
quiet() { [[ ! -s $1 ]]; }
says() { grep -qF -- "$2" "$1"; }  # FILE TEXT
stdout_is() { [[ $(<"$out") == "$1" ]]; }
compiled() { [[ $(wc -l <"$folder/compiled") == "$1" ]]; }  # TIMES
stub() { printf '#!/bin/sh\n%s\n' "$2" >"$folder/bin/$1" && chmod +x "$folder/bin/$1"; }

# The machine: every package is installed, but for those in $folder/missing.
mkdir "$folder/bin" && touch "$folder"/{missing,compiled}
export PATH=$folder/bin:$PATH FOLDER=$folder
stub dpkg-query 'shift 3
for package; do grep -qx "$package" "$FOLDER/missing" || echo "installed:$package"; done'
stub apt-get 'echo "$DEBIAN_FRONTEND apt-get $*" | tee -a "$FOLDER/apt"; exec cat "$FOLDER/online"'
stub id 'echo 1000'
stub sudo 'exit 1'

# The checkout.
mkdir -p "$checkout"/{models,testbench/tests}
cp "$SOURCE_DIR/copypath" "$checkout/" && cp "$SOURCE_DIR"/testbench/{setup.sh,packages.txt} \
  "$checkout/testbench/"
cat >"$checkout/CMakeLists.txt" <<'EOF'
cmake_minimum_required(VERSION 3.25)
project(stub LANGUAGES NONE)
message("noise of cmake")
file(GLOB sources CONFIGURE_DEPENDS models/*.cpp)
add_custom_command(OUTPUT copypath VERBATIM DEPENDS ${sources}
                   COMMAND sh ${CMAKE_SOURCE_DIR}/compile.sh copypath ${sources})
add_custom_target(program ALL DEPENDS copypath)
EOF
cat >"$checkout/compile.sh" <<'EOF'
program=$1
shift
echo compiled >>"$FOLDER/compiled"
echo noise of the compiler
sleep 0.2
! grep -H error "$@" || exit 1
printf '#!/bin/sh\npwd\nprintf "<%%s>" %s "$@"\nexit 7\n' "$(cat "$@")" >"$program"
chmod +x "$program"
EOF
echo one >"$checkout/models/first.cpp"

cd "$folder" || exit
launch "$checkout/copypath" run 'a b' '' '*'
check 'the first start builds and runs' stdout_is "$folder"$'\n<one><run><a b><><*>'
check 'the exit status is the program'"'"'s' [ $status = 7 ]
check 'the first start says that it builds' says "$err" 'copypath: building'
check 'the build makes no noise' [ "$(grep -c noise "$err")" = 0 ]
check 'it compiles once' compiled 1

launch "$checkout/copypath"
check 'the second start says nothing' quiet "$err"
check 'the second start compiles nothing' compiled 1

mkdir 'else where' && ln -s "$checkout/copypath" 'else where/li nk' && cd 'else where' || exit
launch './li nk' x
check 'a link in another folder runs there' stdout_is "$folder/else where"$'\n<one><x>'
check 'a link in another folder says nothing' quiet "$err"

sleep 0.02
echo two >"$checkout/models/second.cpp"
launch "$checkout/copypath"
check 'an added file is built' says "$out" $'<one\ntwo>'
rm "$checkout/models/second.cpp" && echo three >"$checkout/models/first.cpp"
for _ in 1 2 3 4; do
  "$checkout/copypath" >>"$folder/together" 2>"$err" &
done
wait
check 'starts at the same time all run' [ "$(grep -c '<three>' "$folder/together")" = 4 ]
check 'starts at the same time build once' compiled 3

sleep 0.02
echo 'error: line 1' >"$checkout/models/first.cpp"
launch "$checkout/copypath"
check 'a failing build exits with 4' [ $status = 4 ]
check 'a failing build shows the reason' says "$err" 'error: line 1'
check 'a failing build leaves stdout alone' quiet "$out"
echo four >"$checkout/models/first.cpp"
launch "$checkout/copypath"
check 'a repaired build runs' says "$out" '<four>'

# Read-only, for a user who may not write there.
as_other=()
[[ $EUID == 0 ]] && as_other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
chmod -R a-w,a+rX "$checkout" && chmod a+rw "$folder"/{out,err}
launch "${as_other[@]}" "$checkout/copypath"
check 'a read-only checkout runs' says "$out" '<four>'
check 'a read-only checkout says nothing' quiet "$err"
sleep 0.02
touch "$checkout/models/first.cpp"
launch "${as_other[@]}" "$checkout/copypath"
check 'an outdated read-only checkout runs' says "$out" '<four>'
check 'an outdated read-only checkout says so' says "$err" 'older build'
chmod -R u+w "$checkout"

mv "$checkout" "$folder/moved" && checkout=$folder/moved
launch "$checkout/copypath"
check 'a moved checkout runs' says "$out" '<four>'

# Packages.
printf '%s\n' libfmt-dev libsystemc-dev libgtest-dev >"$folder/missing"
touch "$folder"/{apt,online}
install='apt-get install -y --no-install-recommends libsystemc-dev libfmt-dev'
launch "$checkout/copypath"
check 'missing packages exit with 3' [ $status = 3 ]
check 'missing packages: the command to type' says "$err" "  sudo apt-get update && sudo $install"
check 'missing packages leave stdout alone' quiet "$out"
check 'without rights nothing is installed' quiet "$folder/apt"

stub id 'echo 0'
launch "$checkout/copypath"
check 'root gets them installed, and the program run' says "$out" '<four>'
check 'the program alone writes to stdout' [ "$(grep -c apt-get "$out")" = 0 ]
check 'only what is missing is installed, after an update' [ "$(<"$folder/apt")" = \
  $'noninteractive apt-get update\nnoninteractive apt-get -o DPkg::Lock::Timeout=300 '"${install#* }" ]

rm "$folder/online"
launch "$checkout/copypath"
check 'packages that cannot be installed exit with 3' [ $status = 3 ]
check 'packages that cannot be installed: the reason' says "$err" 'No such file'

exit $((failures > 0))
