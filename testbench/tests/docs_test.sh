#!/usr/bin/env bash
# README.md and docs/ say what is true: every command is run, every output shown is what it prints,
# tables of keys are the program's own, and what is referred to exists.
#   docs_test.sh --update   writes the tables of keys into the documents (with COPYPATH, SOURCE_DIR)
# In a document,
#   ```sh           holds commands. They are run in order, in a copy of the checkout that each
#                   document has to itself; `# exit status N` behind one announces other than 0
#   ```sh no-run    holds commands that are not run: gtkwave, and what builds or measures (./run-tests,
#                   ./copypath-bench, compare_builds.sh)
#   ```output       holds lines that the commands above it print, in their order; ... for gaps
#   ```ini NAME     is saved as NAME for the commands below it
#   ```text         is anything else
#   <!-- keys: SECTION --> and <!-- end of keys --> enclose rows of `copypath keys --markdown`
# shellcheck disable=SC2016
update=
[[ ${1-} == --update ]] && update=yes
# shellcheck source-path=SCRIPTDIR source=program.bash
. "$SOURCE_DIR/testbench/tests/program.bash"
unset COLUMNS
program=$(readlink -f -- "$COPYPATH")
mapfile -t documents < <(cd "$SOURCE_DIR" && find README.md docs -name '*.md' | LC_ALL=C sort)
"$program" keys --markdown >"$folder/keys"

wrong() { # WHAT : found in $doc at line $number
  failures=$((failures + 1))
  printf 'FAILED: %s:%s: %s\n' "$doc" "$number" "$1"
}

# ---- Tables of keys.
with_tables() { # FILE : as it should be
  awk -v keys="$folder/keys" '
    function table(section,    line, on) {
      while ((getline line < keys) > 0) {
        if (line ~ /^### /) on = section == "all" || line == "### `[" section "]`"
        if (on && (section == "all" || line ~ /^\|/)) print line
      }
      close(keys)
    }
    /^<!-- end of keys -->$/ { skip = 0; print "" }
    !skip
    /^<!-- keys: [a-z_]+ -->$/ { skip = 1; print ""; table($3) }' "$1"
}

# ---- Commands.
declare -A outputs # of commands that leave nothing behind: they are run once
execute() {        # COMMAND : leaves $status and $out
  local command=$1 plain='^\./copypath [a-z]+( [^>|;&$]*)?$'
  if [[ ${outputs[$command]-} ]]; then
    status=${outputs[$command]%% *} out=${outputs[$command]#* }
    return
  fi
  out=$(mktemp "$folder/output.XXXXXX")
  bash -c "$command" >"$out" 2>&1 </dev/null
  status=$?
  [[ $command =~ $plain && $command != *--json* && $command != *--trace* && $command != *--pcap* ]] || return
  [[ $command != *.ini* || $command == *scenarios/* ]] && outputs[$command]="$status $out"
}

is_complete() { # COMMAND
  [[ $1 != *\\ && -z $(bash -n <<<"$1" 2>&1) ]]
}

run_command() { # COMMAND
  local first=${1%%[[:space:]]*} wanted=0
  [[ $1 =~ '# exit status '([0-9]+)$ ]] && wanted=${BASH_REMATCH[1]}
  if [[ $first =~ ^(gtkwave|\./run-tests|\./copypath-bench)$ ]]; then
    wrong "'$first' belongs in a block that is not run"
    return
  fi
  [[ $1 == *"copypath validate"* ]] && sanitized && return
  execute "$1"
  cat "$out" >>"$folder/printed"
  [[ $status == "$wanted" ]] ||
    wrong "exit status $status, not $wanted: $1"$'\n'"$(tail -n 20 "$out")"
}

check_shown() { # FILE : its lines have been printed, in this order
  local missing
  missing=$(awk '
    { sub(/[ \t]+$/, "") }
    FNR == NR { real[++lines] = $0; next }
    $0 == "" || $0 ~ /^ *\.\.\.$/ { next }
    {
      while (at < lines && real[at + 1] != $0) ++at
      if (++at > lines) { print; exit }
    }' "$folder/printed" "$1")
  [[ -z $missing ]] || wrong "the commands above do not print, or not in this order: $missing"
}

run_document() { # in a copy of its own
  local line kind='' command='' block=$folder/block place=$folder/place
  rm -rf "$place" && mkdir "$place" && cd "$place" || exit
  cp -r "$SOURCE_DIR"/{README.md,docs,models,native,scenarios,testbench,traces} . && ln -s "$program" copypath || exit
  number=0
  while IFS= read -r line; do
    ((++number))
    if [[ $line == '```'* ]]; then
      if [[ $kind ]]; then
        case $kind in
          sh) [[ -z $command ]] || wrong "incomplete command: $command" ;;
          output) check_shown "$block" ;;
          ini\ *) cp "$block" "${kind#ini }" ;;
        esac
        kind=
      else
        kind=${line#'```'}
        command=
        : >"$block"
        [[ $kind == sh ]] && : >"$folder/printed"
        [[ $kind =~ ^(sh|sh\ no-run|output|text|ini\ [a-z_-]+\.ini)$ ]] ||
          wrong "blocks are sh, sh no-run, output, ini NAME.ini or text, not '$kind'"
      fi
    elif [[ $kind == sh ]]; then
      [[ -z $command && (-z $line || $line == \#*) ]] && continue
      command+=${command:+$'\n'}$line
      is_complete "$command" || continue
      run_command "$command"
      command=
    elif [[ $kind == 'sh no-run' ]]; then
      [[ $line =~ ^(gtkwave|\./run-tests|\./copypath-bench|testbench/benchmarks/compare_builds\.sh)( |$) ]] || wrong "has to be run: $line"
    elif [[ $kind ]]; then
      printf '%s\n' "$line" >>"$block"
      [[ $line == './copypath '* ]] && wrong "a command belongs in a block that is run: $line"
    fi
  done <"$SOURCE_DIR/$doc"
  [[ -z $kind ]] || wrong "a block has no end"
}

# ---- What is referred to.
anchors() { # FILE : of its headings, as GitHub makes them
  awk '/^```/ { code = !code }
    !code && /^#+ / { sub(/^#+ /, ""); $0 = tolower($0); gsub(/[^a-z0-9 _-]/, ""); gsub(/ /, "-"); print }' "$1"
}

check_link() { # TARGET
  local file=${1%%#*} anchor=''
  [[ $1 == *'#'* ]] && anchor=${1#*#}
  [[ $1 =~ ^(https?|mailto): ]] && return
  if [[ $file ]]; then file=$(dirname "$SOURCE_DIR/$doc")/$file; else file=$SOURCE_DIR/$doc; fi
  if [[ ! -e $file ]]; then
    wrong "links to what does not exist: $1"
  elif [[ $anchor ]] && ! anchors "$file" | grep -qxF -- "$anchor"; then
    wrong "links to a heading that does not exist: $1"
  fi
}

check_name() { # WORD : in the font of code
  case $1 in
    models/* | native/* | scenarios/* | testbench/* | docs/* | traces/*)
      [[ $1 == *[*\<]* || $1 == */NAME* || -e $SOURCE_DIR/$1 ]] || wrong "no such file: $1" ;;
    *.ini) ;; # also pipe.ini, which is no key of [pipe]
    [A-Z]*.[A-Z]*)
      [[ ! $1 =~ ^[A-Z][A-Za-z0-9]+\.[A-Z][A-Za-z0-9]+$ ]] ||
        grep -qE "TEST(_F|_P)?\(${1%.*}, ${1#*.}\)" "$SOURCE_DIR"/testbench/tests/*.cpp ||
        wrong "no such test: $1" ;;
    [a-z]*.[a-z]*)
      if grep -qxF "### \`[${1%%.*}]\`" "$folder/keys" && [[ $1 =~ ^[a-z_]+\.[a-z_]+$ ]]; then
        grep -qF "| \`$1\` |" "$folder/keys" || wrong "no such key: $1"
      fi ;;
  esac
}

check_references() {
  local line code='' rest links='\]\(([^)]+)\)' names='`([^`]+)`'
  number=0
  while IFS= read -r line; do
    ((++number))
    [[ $line == '```'* ]] && { [[ $code ]] && code='' || code=yes; }
    [[ $code ]] && continue
    rest=$line
    while [[ $rest =~ $links ]]; do
      rest=${rest#*"${BASH_REMATCH[0]}"}
      check_link "${BASH_REMATCH[1]}"
    done
    rest=$line
    while [[ $rest =~ $names ]]; do
      rest=${rest#*"${BASH_REMATCH[0]}"}
      check_name "${BASH_REMATCH[1]}"
    done
  done <"$SOURCE_DIR/$doc"
}

for doc in "${documents[@]}"; do
  number=1
  with_tables "$SOURCE_DIR/$doc" >"$folder/tables"
  if [[ $update ]]; then
    cmp -s "$folder/tables" "$SOURCE_DIR/$doc" || cat "$folder/tables" >"$SOURCE_DIR/$doc"
    continue
  fi
  cmp -s "$folder/tables" "$SOURCE_DIR/$doc" ||
    wrong "the table of keys is out of date; testbench/tests/docs_test.sh --update writes it"
  ! LC_ALL=C grep -q '[^ -~]' "$SOURCE_DIR/$doc" || wrong "is not plain ASCII"
  check_references
  run_document
done
doc=docs/models number=1
while read -r section; do
  [[ $update ]] || grep -qrxF "<!-- keys: $section -->" "$SOURCE_DIR/docs/models" ||
    wrong "no page has the keys of [$section]"
done < <(sed -n 's/^### `\[\(.*\)\]`$/\1/p' "$folder/keys")
cd / && finish
