#!/bin/sh
# specifications.sh FIGURES: do the figures show what their words say? What specifications.awk reads out of
# the words of a mark, of its panel and of its figure must be in the column, the run and the rows that
# it draws; and in a panel what looks the same must be called the same.
#
# Sections that a specification repeats are judged copy by copy (written-out.awk).
#
# Draws nothing, and knows nothing of what is in the tables: that a column holds what it should is for the
# test `columns`.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$1"
for figure in *.ini; do
  awk -f "$here/written-out.awk" "$figure" >"$work/$figure"
done
cd "$work"
awk -f "$here/specifications.awk" ./*.ini
