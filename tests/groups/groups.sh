#!/bin/sh
# groups.sh SOURCE: are the tables of configs/group-table.sh those of groups that do not commute, and of the
# groups that they are called?
set -eu
export LC_ALL=C

program=$1/configs/group-table.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
status=0

fail() {
  status=1
  printf 'FAILED: %s\n' "$1"
}

# Says what is wrong with a table of this order, of which so many elements are their own inverse.
examine() { # FILE ORDER INVOLUTIONS
  awk -v order="$2" -v involutions="$3" '
    BEGIN { n = 0 }
    function wrong(what) { print what; exit }
    /^#/ { next }
    {
      if (NF != order) wrong("row " n " has " NF " products")
      for (b = 0; b < NF; b++) product[n, b] = $(b + 1)
      n++
    }
    END {
      if (n != order) wrong("there are " n " rows")
      for (a = 0; a < n; a++) {
        if (product[a, 0] "" != a "" || product[0, a] "" != a "") wrong("0 is not neutral to " a)
        for (b = 0; b < n; b++) {
          if (product[a, b] !~ /^[0-9]+$/ || product[a, b] + 0 >= n) wrong("a product " product[a, b])
          if (in_row[a, product[a, b]]++) wrong(product[a, b] " stands twice in row " a)
          if (in_column[b, product[a, b]]++) wrong(product[a, b] " stands twice in column " b)
          different += product[a, b] != product[b, a]
        }
        own += a > 0 && product[a, a] == 0
      }
      for (a = 0; a < n; a++)
        for (b = 0; b < n; b++)
          for (c = 0; c < n; c++)
            if (product[product[a, b], c] != product[a, product[b, c]]) wrong("not associative: " a " " b " " c)
      if (different == 0) wrong("it commutes")
      if (own != involutions) wrong(own " elements are their own inverse, expected " involutions)
    }' "$1"
}

# Of n things, exchanges of one pair or of two; of a polygon of n sides the n reflections, and half a turn.
while read -r group n order involutions; do
  "$program" "$group" "$n" "$work/table" || fail "$group $n is not made"
  found=$(examine "$work/table" "$order" "$involutions")
  [ -z "$found" ] || fail "$group $n: $found"
done <<END_OF_GROUPS
symmetric 3 6 3
symmetric 4 24 9
symmetric 5 120 25
dihedral 3 6 3
dihedral 4 8 5
dihedral 29 58 29
dihedral 59 118 59
END_OF_GROUPS

# Permutations 1 and 2 of three things exchange the last two and the first two; the second comes first.
"$program" symmetric 3 "$work/table"
[ "$(sed -n 3p "$work/table")" = '1 0 4 5 2 3' ] || fail 'products of permutations are in another order'
# A rotation before a reflection is the reflection before the rotation back.
"$program" dihedral 5 "$work/table"
[ "$(sed -n 3p "$work/table" | cut -d ' ' -f 6)" = 9 ] || fail 'r s is not s r^-1'

kept=$(cksum <"$work/table")
for words in 'symmetric 7' 'symmetric 0' 'cyclic 5' 'dihedral x' 'dihedral 201'; do
  # shellcheck disable=SC2086 # words
  ! "$program" $words "$work/table" 2>"$work/said" || fail "$words is taken"
  grep -qx "group-table.sh: expected symmetric 1 to 6 or dihedral 1 to 200, found $words" "$work/said" ||
    fail "$words: it says $(cat "$work/said")"
done
[ "$(cksum <"$work/table") $(ls "$work" | tr '\n' ' ')" = "$kept said table " ] || fail 'a table was changed, or is left over'
exit $status
