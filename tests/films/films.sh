#!/bin/sh
# films.sh BUILD: are the films that have been drawn in a build tree as they should be (tests/cli/gif.py)?
# Exit status 77 (CTest: skipped) if there is none, or no Python.
set -eu

gif=$(cd "$(dirname "$0")/../cli" && pwd)/gif.py
cd "$1"
command -v python3 >/dev/null || { echo 'skipped: python3 is not installed'; exit 77; }
checked=0
for film in film-training:mainline film-circles:mainline film-softmax1:softmax1-0; do
  file=figures/${film%:*}.gif table=films/${film#*:}/spectrum.tsv
  [ -s "$file" ] || continue
  echo "$file:"
  found=$(python3 -B "$gif" "$file" "$table")
  echo "$found" | grep -v '^comment'
  checked=$((checked + 1))
done
[ "$checked" -gt 0 ] || { echo 'skipped: no film is drawn: ninja film-training film-circles'; exit 77; }
