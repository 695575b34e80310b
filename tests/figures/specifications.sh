#!/bin/sh
# specifications.sh FIGURES: do the figures show what their words say? What specifications.awk reads out of
# the words of a mark, of its panel and of its figure must be in the column, the run and the rows that
# it draws; and in a panel what looks the same must be called the same.
#
# Draws nothing, and knows nothing of what is in the tables: that a column holds what it should is for the
# test `columns`.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
awk -f "$here/specifications.awk" ./*.ini
