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
#   stdout:  an extended regular expression that some line must match; without it, standard output
#            must be empty
#   stderr:  the same for standard error; if the command must fail, for the last line (the first
#            if the status is 2), which must also start with "TOOL: "
#   makes:   files that must exist afterwards and not be empty
#   check:   a command that must succeed afterwards
#
# "prepare:" lines above the cases run once, in a folder that cases can use as $SHARED; the source
# tree is $SOURCE. "include: FILE" reads cases from another file in the same folder, for which the
# tool is $TOOL. Each case runs in its own empty folder, with the tools on the PATH. A failing
# command must not create or change any file there. Lines that start with # are comments.
#
# Prints one line per case and a summary. Exit status: 0 if no case failed, else 1.

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

passed=0 failed=0 skipped=0 number=0
name=

fail() { # what was found
  [ -s "$case_dir/failures" ] || echo "FAIL  $name"
  echo "$1" >>"$case_dir/failures"
  echo "      $1"
}

state() { (cd "$case_dir/folder" && find . -type f -exec cksum {} + | sort -k 3); }

# Some line of FILE matches PATTERN; without a pattern FILE is empty.
expect_lines() { # what FILE PATTERN
  if [ -n "$3" ]; then
    grep -Eq -e "$3" "$2" || fail "$1 has no line that matches: $3"
  elif [ -s "$2" ]; then
    fail "$1 is not empty"
  fi
}

expect_message() { # FILE LINE(first|last) PATTERN
  if [ "$2" = first ]; then line=$(head -n 1 "$1"); else line=$(tail -n 1 "$1"); fi
  case $line in
    "$tool: "*) ;;
    *) fail "the $2 line of standard error does not start with \"$tool: \"" ;;
  esac
  if [ -n "$3" ]; then
    printf '%s\n' "$line" | grep -Eq -e "$3" || fail "the message does not match: $3"
  else
    fail "the case does not say what message it expects"
  fi
}

start_case() {
  name=$1 needs= setup= run= exit=0 stdout= stderr= makes= check=
  number=$((number + 1))
  case_dir=$scratch/$number
  mkdir -p "$case_dir/folder"
}

# Runs the case that has been read.
finish_case() {
  [ -n "$name" ] || return 0
  if [ -n "$needs" ] && ! (cd "$case_dir/folder" && sh -c "$needs") >/dev/null 2>&1; then
    echo "skip  $name (needs: $needs)"
    skipped=$((skipped + 1)) name=
    return 0
  fi
  : >"$case_dir/failures"
  (cd "$case_dir/folder" && sh -e -c "$setup") >"$case_dir/setup" 2>&1 || {
    fail "the setup failed:"
    cat "$case_dir/setup"
  }
  state >"$case_dir/before"
  (cd "$case_dir/folder" && exec sh -c "$run") >"$case_dir/stdout" 2>"$case_dir/stderr" </dev/null
  status=$?
  state >"$case_dir/after"
  [ "$status" -eq "$exit" ] || fail "exit status $status, expected $exit"
  expect_lines "standard output" "$case_dir/stdout" "$stdout"
  case $exit in
    0) [ -z "$stderr" ] || expect_lines "standard error" "$case_dir/stderr" "$stderr" ;;
    2) expect_message "$case_dir/stderr" first "$stderr" ;;
    *) expect_message "$case_dir/stderr" last "$stderr" ;;
  esac
  if [ "$exit" -ne 0 ] && ! cmp -s "$case_dir/before" "$case_dir/after"; then
    fail "files are left over or changed:"
    diff "$case_dir/before" "$case_dir/after" | sed -n 's/^[<>]/       &/p'
  fi
  for file in $makes; do
    [ -s "$case_dir/folder/$file" ] || fail "$file is not there, or is empty"
  done
  if [ -n "$check" ]; then
    (cd "$case_dir/folder" && sh -e -c "$check") >"$case_dir/check" 2>&1 || {
      fail "the check failed: $check"
      cat "$case_dir/check"
    }
  fi
  if [ -s "$case_dir/failures" ]; then
    failed=$((failed + 1))
    echo "      command: $run"
    sed 's/^/      stderr: /' "$case_dir/stderr" | head -n 8
  else
    passed=$((passed + 1))
    echo "ok    $name"
  fi
  rm -rf "$case_dir"
  name=
}

newline='
'

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
      prepare:*) prepare "$value" ;;
      case:*) finish_case; start_case "$value" ;;
      needs:*) needs=$value ;;
      setup:*) setup=$setup$value$newline ;;
      run:*) run=$value ;;
      exit:*) exit=$value ;;
      stdout:*) stdout=$value ;;
      stderr:*) stderr=$value ;;
      makes:*) makes=$value ;;
      check:*) check=$check$value$newline ;;
      '' | '#'*) ;;
      *) echo "$1: expected \"key: value\", found: $line"; exit 1 ;;
    esac
  done <"$1"
  finish_case
}

read_cases "$cases"
echo "$tool: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
