#!/usr/bin/env bash
# Compares two builds of copypath: the same simulations in alternating runs, and the ratio of the
# host times (user and system, the least of all rounds). Says whether the results are the same.
#   compare_builds.sh [--rounds N] [--instructions] OLD NEW [ARGUMENT OF copypath run...]
#     OLD, NEW         the programs, for example build-before/copypath build/copypath
#     --instructions   compares the instructions executed, by valgrind: slow, but repeatable
# By default both paths of scenarios/file_server.ini are run. Exit status: 1 if a program gave no
# results, 2 for wrong arguments, 3 without valgrind.
usage() { sed -n '2,/^usage/{/^usage/!s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2 && exit 2; }
rounds=5 instructions=
while [[ ${1-} == --* ]]; do
  case $1 in
    --rounds) rounds=$2 && shift ;;
    --instructions) instructions=yes rounds=1 ;;
    *) usage ;;
  esac
  shift
done
if (($# < 2)) || [[ ! -x $1 || ! -x $2 ]]; then usage; fi
programs=("$(readlink -f -- "$1")" "$(readlink -f -- "$2")")
shift 2
scenario=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../scenarios/file_server.ini
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

measure() { # PROGRAM JSON ARGUMENT... : prints milliseconds, or instructions
  local program=$1 json=$2 TIMEFORMAT='%3U %3S'
  shift 2
  rm -f "$json"
  if [[ $instructions ]]; then
    valgrind --tool=callgrind --trace-children=yes --callgrind-out-file="$folder/out.%p" \
      "$program" run "$@" --quiet --json "$json" >/dev/null 2>&1
    cat "$folder"/out.* | awk '/^summary:/ { sum += $2 } END { print sum }'
    rm -f "$folder"/out.*
  else
    { time "$program" run "$@" --quiet --json "$json" >/dev/null 2>&1; } 2>&1 |
      awk '{ print 1000 * ($1 + $2) }'
  fi
}

if [[ $instructions ]] && ! valgrind --tool=none true 2>/dev/null; then
  echo 'valgrind is missing' >&2 && exit 3
fi

compare() { # NAME ARGUMENT... of copypath run
  local name=$1 least=() round i figure same='same results'
  shift
  for ((round = 0; round < rounds; ++round)); do
    for i in 0 1; do
      figure=$(measure "${programs[i]}" "$folder/$i.json" "$@")
      [[ -s $folder/$i.json ]] || { echo "${programs[i]} gives no results for $name" >&2 && exit 1; }
      [[ ${least[i]} ]] && awk "BEGIN { exit !($figure >= ${least[i]}) }" || least[i]=$figure
    done
  done
  cmp -s "$folder/0.json" "$folder/1.json" || same='the results differ'
  awk -v name="$name" -v old="${least[0]}" -v new="${least[1]}" -v unit="${instructions:+instructions}" \
    -v same="$same" 'BEGIN { printf "%-20s %14d -> %14d %s   new/old = %.3f   %s\n",
      name, old, new, unit ? unit : "ms", new / (old ? old : 1), same }'
}

if (($#)); then
  compare "$(basename -- "$1")" "$@"
else
  for path in sendfile read_write; do
    compare "$path" "$scenario" --path "$path"
  done
fi
