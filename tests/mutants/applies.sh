#!/bin/sh
# applies.sh SOURCE: is every fault of mutants.txt a fault of the source tree as it is? Each has a name of its
# own, tests that must catch it, and lines that stand where it says, once; with it the file is another one.
set -eu
export LC_ALL=C

source=$1
here=$source/tests/mutants
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
status=0

fail() { # NAME what is wrong
  status=1
  echo "FAILED: $1: $2"
}

said() { awk -v name="$1" -v key="$2" -f "$here/fault.awk" "$here/mutants.txt"; } # NAME KEY

sed -n 's/^name: *//p' "$here/mutants.txt" >"$work/names"
for name in $(sort "$work/names" | uniq -d); do
  fail "$name" 'is the name of two faults'
done
while read -r name; do
  file=$(said "$name" file)
  [ -n "$(said "$name" caught)" ] || fail "$name" 'no test is to catch it'
  if [ ! -f "$source/$file" ]; then
    fail "$name" "there is no file \"$file\""
  elif ! awk -v name="$name" -f "$here/fault.awk" "$here/mutants.txt" "$source/$file" >"$work/faulty"; then
    fail "$name" "its old lines are not in $file, each once"
  elif cmp -s "$source/$file" "$work/faulty"; then
    fail "$name" "changes nothing in $file"
  fi
done <"$work/names"
echo "$(wc -l <"$work/names") faults"
[ -s "$work/names" ] || fail mutants.txt 'has no faults'
exit $status
