#!/bin/sh
# processors.sh TOOLS_DIR WIDE_TEST TOOL...: the tools on processors that qemu-user emulates.
#
# One that lacks any part of x86-64-v3 gets a line that says so, and status 1, from every tool and
# before it does anything; one that has all of it gets the help. The tests of the kernels for AVX-512,
# of which WIDE_TEST is one, are skipped on a processor without it, and not passed.
#
# Prints a line for each processor. Exit status: 0 when all was right, 1 otherwise, 77 where
# qemu-x86_64 is not there.

set -u
tools=$1 wide_test=$2
shift 2
command -v qemu-x86_64 >/dev/null || { echo 'SKIP: qemu-x86_64 is not installed'; exit 77; }

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
bad=0

wrong() { # what was found
  echo "WRONG $1"
  sed 's/^/      /' "$scratch/stdout" "$scratch/stderr"
  bad=1
}

# STATUS PROCESSOR PROGRAM ARGUMENT: it must end with that status. The environment is empty: libraries look up
# variables before any check, by functions that qemu cannot run without BMI1 if it has some.
runs() {
  expected=$1
  shift
  env -i "$(command -v qemu-x86_64)" -cpu "$@" >"$scratch/stdout" 2>"$scratch/stderr" </dev/null
  status=$?
  [ "$status" -eq "$expected" ] || wrong "$*: status $status, expected $expected"
}

refuses() { # PROCESSOR TOOL
  runs 1 "$1" "$tools/$2" --help
  [ ! -s "$scratch/stdout" ] && [ "$(wc -l <"$scratch/stderr")" -eq 1 ] &&
    grep -Eq "^$2: this program needs a processor with AVX2, FMA and .*x86-64-v3" \
      "$scratch/stderr" || wrong "$1, $2: not the one line that says what is needed"
}

for processor in Nehalem qemu64; do
  for tool; do refuses "$processor" "$tool"; done
  echo "$processor: refused by $# tools"
done
for feature in cx16 lahf-lm popcnt ssse3 sse4.1 sse4.2 xsave avx avx2 bmi1 bmi2 f16c fma abm movbe; do
  refuses "max,-$feature" "$1"
  echo "all but $feature: refused"
done
for tool; do
  runs 0 max "$tools/$tool" --help
  grep -q "^usage: $tool " "$scratch/stdout" || wrong "max, $tool: no help"
done
echo "x86-64-v3: accepted by $# tools"
runs 77 max,-avx512f "$wide_test" --wide
grep -q '^SKIP: ' "$scratch/stdout" || wrong 'the tests of wide kernels do not say that they are skipped'
echo 'no AVX-512: its tests are skipped'
exit "$bad"
