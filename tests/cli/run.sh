#!/bin/sh
# Runs the command-line tests of one tool:  run.sh TOOLS_DIR CASES.test
#
# CASES.test is named after the tool and holds cases; a case is a paragraph of "key: value" lines:
#
#   case:    what is tested, in words; starts a case
#   needs:   a command; if it fails the case is skipped
#   setup:   a command that creates the case's files; several lines run in order
#   run:     the command under test
#   exit:    its expected exit status (default 0)
#   stdout:  an extended regular expression that some line must match; of several lines, each must be
#            matched. Without it, standard output must be empty
#   stderr:  the same for standard error, where every line must also match one of the expressions. If
#            the command must fail, the last line (the first if the status is 2, which a hint at --help
#            may follow) must start with "TOOL: "
#   makes:   files that must exist afterwards and not be empty
#   check:   a command that must succeed afterwards; of several lines, all in order in one shell
#
# The other keys stand once in a case. A case says what it expects: it has a stdout:, stderr: or check:.
#
# "chatter:" lines above the cases are expressions for what the tool may say on standard error in any of
# them. "prepare:" lines there run once, in a folder that cases can use as $SHARED; the source
# tree is $SOURCE. "include: FILE" reads cases from another file in the same folder, for which the
# tool is $TOOL. Each case runs in its own empty folder, with the tools on the PATH. A failing
# command must not create or change any file there. Lines that start with # are comments.
#
# Prints one line per case and a summary. Exit status: 0 if no case failed, else 1.
#
# There are hundreds of cases, and most are short: starting processes is what takes the time, so the shell
# does by itself what it can.

set -u
tools=$(cd "$1" && pwd) || exit 1
cases=$2
tool=$(basename "$cases" .test)
[ -x "$tools/$tool" ] || { echo "$tools/$tool: not there, nothing can be tested"; exit 1; }

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
SHARED=$scratch/shared
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$tools:$PATH
OMP_NUM_THREADS=2 # the smallest networks gain nothing from more
LC_ALL=C
TOOL=$tool
export TOOL SHARED SOURCE PATH OMP_NUM_THREADS LC_ALL
mkdir "$SHARED"

passed=0 failed=0 skipped=0 number=0 chatter=
name=

fail() { # what was found
  $fails || echo "FAIL  $name"
  fails=true
  echo "      $1"
}

# The files of the case; changes the folder, which is for a shell of its own.
state() { cd "$case_dir/folder" && find . -type f -exec cksum {} + | sort -k 3; }

# Each of PATTERNS, one a line, matches some line of FILE.
expect_lines() { # what FILE PATTERNS
  [ -n "$3" ] || return 0
  printf %s "$3" >"$case_dir/patterns"
  while IFS= read -r pattern; do
    grep -Eq -e "$pattern" "$2" || fail "$1 has no line that matches: $pattern"
  done <"$case_dir/patterns"
}

# Standard error holds what the case expects and nothing else.
expect_messages() { # FILE STATUS PATTERNS
  words=$1
  case $2 in
    0) ;;
    2)
      expect_name first <"$1"
      words=$case_dir/words
      sed "2,\${/^usage: /d; /^see '$tool --help'\$/d;}" "$1" >"$words"
      ;;
    *) expect_name last <"$1" ;;
  esac
  expect_lines 'standard error' "$words" "$3"
  [ -s "$words" ] || return 0
  printf %s "$3$chatter" >"$case_dir/patterns"
  unexpected=$(grep -Ev -f "$case_dir/patterns" "$words") &&
    fail "standard error has a line that matches nothing: $unexpected"
}

# The first or the last line of standard input names the tool.
expect_name() { # which
  said=
  while IFS= read -r message || [ -n "$message" ]; do
    said=$message
    [ "$1" = last ] || break
  done
  case $said in
    "$tool: "*) ;;
    *) fail "the $1 line of standard error does not start with \"$tool: \"" ;;
  esac
}

# The files are those of BEFORE.
expect_files() { # BEFORE
  after=$(state)
  [ "$after" != "$1" ] || return 0
  fail "files are left over or changed:"
  printf '%s\n' "$1" >"$case_dir/before"
  printf '%s\n' "$after" | diff "$case_dir/before" - | sed -n 's/^[<>] *[^ ]/       &/p'
}

# A python3 that is a script which looks for the right one each time, as pyenv's, is asked once which that is.
python_found=false
find_python() {
  ! $python_found || return 0
  python_found=true
  python=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null) && PATH=$tools:${python%/*}:$PATH
}

start_case() {
  name=$1 needs= setup= run= exit= stdout= stderr= makes= check= fails=false
  number=$((number + 1))
  case_dir=$scratch/$number
  mkdir -p "$case_dir/folder"
}

# Runs the case that has been read.
finish_case() {
  [ -n "$name" ] || return 0
  [ -n "$run" ] || refuse 'no "run:"'
  [ -n "$stdout$stderr$check" ] || refuse 'nothing is expected: no "stdout:", "stderr:" or "check:"'
  exit=${exit:-0}
  case $needs in *python3*) find_python ;; esac
  if [ -n "$needs" ] && ! (cd "$case_dir/folder" && sh -c "$needs") >/dev/null 2>&1; then
    echo "skip  $name (needs: $needs)"
    skipped=$((skipped + 1)) name=
    return 0
  fi
  before=
  if [ -n "$setup" ]; then
    (cd "$case_dir/folder" && exec sh -e -c "$setup") >"$case_dir/setup" 2>&1 || {
      fail "the setup failed:"
      cat "$case_dir/setup"
    }
    [ "$exit" -eq 0 ] || before=$(state)
  fi
  (cd "$case_dir/folder" && exec sh -c "$run") >"$case_dir/stdout" 2>"$case_dir/stderr" </dev/null
  status=$?
  [ "$status" -eq "$exit" ] || fail "exit status $status, expected $exit"
  expect_lines 'standard output' "$case_dir/stdout" "$stdout"
  [ -n "$stdout" ] || [ ! -s "$case_dir/stdout" ] || fail 'standard output is not empty'
  expect_messages "$case_dir/stderr" "$exit" "$stderr"
  [ "$exit" -eq 0 ] || expect_files "$before"
  for file in $makes; do
    [ -s "$case_dir/folder/$file" ] || fail "$file is not there, or is empty"
  done
  if [ -n "$check" ]; then
    (cd "$case_dir/folder" && exec sh -e -c "$check") >"$case_dir/check" 2>&1 || {
      fail "the check failed: $(printf %s "$check" | grep -Fvx '[ $? -eq 0 ] || exit')"
      cat "$case_dir/check"
    }
  fi
  if $fails; then
    failed=$((failed + 1))
    echo "      command: $run"
    sed 's/^/      stderr: /' "$case_dir/stderr" | head -n 8
  else
    passed=$((passed + 1))
    echo "ok    $name"
  fi
  name=
}

newline='
'
# Behind each line of a setup and a check: what starts with "!" does not end a shell under -e.
and_on="${newline}[ \$? -eq 0 ] || exit$newline"

once() { # KEY VALUE, that it has already
  [ -z "$2" ] || refuse "a second \"$1:\""
}

refuse() { # what is wrong with the case
  echo "$cases: case \"$name\": $1"
  exit 1
}

prepare() {
  (cd "$SHARED" && sh -e -c "$1") >"$scratch/prepare" 2>&1 && return
  echo "$tool: cannot prepare: $1"
  cat "$scratch/prepare"
  exit 1
}

read_cases() { # FILE
  [ -r "$1" ] || { echo "$1: cannot read"; exit 1; }
  while IFS= read -r line || [ -n "$line" ]; do
    value=${line#*: }
    case $line in
      include:*) finish_case; read_cases "$(dirname "$cases")/$value" ;;
      chatter:*) chatter=$chatter$value$newline ;;
      prepare:*) prepare "$value" ;;
      case:*) finish_case; start_case "$value" ;;
      needs:*) once needs "$needs" && needs=$value ;;
      setup:*) setup=$setup$value$and_on ;;
      run:*) once run "$run" && run=$value ;;
      exit:*) once exit "$exit" && exit=$value ;;
      stdout:*) stdout=$stdout$value$newline ;;
      stderr:*) stderr=$stderr$value$newline ;;
      makes:*) once makes "$makes" && makes=$value ;;
      check:*) check=$check$value$and_on ;;
      '' | '#'*) ;;
      *) echo "$1: expected \"key: value\", found: $line"; exit 1 ;;
    esac
  done <"$1"
  finish_case
}

read_cases "$cases"
echo "$tool: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
