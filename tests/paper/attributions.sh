#!/bin/sh
# attributions.sh SOURCE: is the original said to say what it says, where it says it? The rows of
# attributions.tsv are held against paper/claims.tsv and paper/original.tsv. Every claim has a section,
# a table or a figure, or is ours and then has no value of the paper's. The caption of every figure of
# paper.tex says which of the original's it is after.
set -eu

here=$(dirname "$0")
paper=$1/paper
status=0

fail() {
  status=1
  printf 'FAILED: %s\n' "$1"
}

rows() { grep -v '^#' "$1" | tail -n +2; } # TABLE

# "WHERE<TAB>VALUE" in the row of that name.
said() { # claims|original NAME
  columns='$2 "\t" $4'
  [ "$1" = claims ] || columns='$3 "\t" $2'
  rows "$paper/$1.tsv" | awk -F '\t' -v name="$2" "\$1 == name { print $columns; exit }"
}

checked=0
while IFS='	' read -r file name where value; do
  found=$(said "$file" "$name")
  case $found in
    "$where"*"	$value") ;;
    *) fail "$file.tsv: $name: expected \"$where\" and \"$value\", found \"$found\"" ;;
  esac
  checked=$((checked + 1))
done <<END
$(rows "$here/attributions.tsv")
END
echo "$checked attributions compared"
[ "$checked" -gt 1 ] || fail 'attributions.tsv has no rows'

placeless=$({ rows "$paper/claims.tsv" && rows "$paper/claims-sweeps.tsv"; } | awk -F '\t' '
  { place = "([1-5](\\.[1-4])?|[A-D](\\.[1-3](\\.[1-5])?)?|(figure|table) [1-9][0-9]?|the authors. notebook)"
    if ($2 == "ours" ? $4 != "-" : $2 !~ "^" place "(, " place ")*$") print $1 }')
[ -z "$placeless" ] || fail "claims: these are neither ours nor anywhere in the paper: $placeless"

# The list of known failures is of claims that there are.
unclaimed=$(rows "$paper/known-failures.tsv" | cut -f 2 | while read -r name; do
  { rows "$paper/claims.tsv" && rows "$paper/claims-sweeps.tsv"; } | cut -f 1 | grep -qFx "$name" || echo "$name"
done)
[ -z "$unclaimed" ] || fail "known-failures.tsv: these are no claims: $unclaimed"

# A picture's macro and its caption run to the next blank line or picture. Figures have the numbers of
# their names.
misnamed=$(awk '
  function check() {
    original = text
    if (!sub(/.*\\inoriginal\{/, "", original)) original = ""
    sub(/\}.*/, "", original)
    number = name
    if (!sub(/^fig0*/, "", number)) number = ""
    sub(/-.*/, "", number)
    if (name != "" && " " original "," !~ (number == "" ? "[a-z]" : "figures? ([0-9]+ and )?" number "[ ,]"))
      print name
  }
  /^\\(pic|narrowpic)\{/ || /^$/ { check(); name = text = "" }
  /^\\(pic|narrowpic)\{/ { name = $0; sub(/^[^{]*\{/, "", name); sub(/\}.*/, "", name); n++ }
  { text = text " " $0 }
  END { check(); if (n < 10) print "(only " n + 0 " figures found)" }' "$paper/paper.tex")
[ -z "$misnamed" ] || fail "paper.tex: the captions do not say of which figure of the original these are: $misnamed"
exit $status
