#!/bin/sh
# group-table.sh GROUP N FILE: the multiplication table of a group as a file of answers
# (tools/network/answers.h). Row a has the numbers of the products a b; the neutral element is 0.
#
#   symmetric N   the N! permutations of N things, in lexicographic order of their images; a b is b first
#   dihedral N    the 2 N symmetries of a regular polygon: number k is the rotation r^k, number N + k the
#                 reflection s r^k; r s = s r^-1
set -eu

awk -v group="$1" -v n="$2" '
  # All permutations that begin with `start`, things apart by blanks.
  function permute(start, left,    i) {
    if (left == 0) {
      image[order] = substr(start, 2)
      number[image[order]] = order++
      return
    }
    for (i = 0; i < n; i++)
      if (index(start " ", " " i " ") == 0) permute(start " " i, left - 1)
  }

  function symmetric(a, b,    of_a, of_b, i, product) {
    split(image[a], of_a, " ")
    split(image[b], of_b, " ")
    for (i = 1; i <= n; i++) product = product " " of_a[of_b[i] + 1]
    return number[substr(product, 2)]
  }

  # s^f r^k s^g r^l = s^(f + g) r^(l + k), or r^(l - k) if g = 1
  function dihedral(a, b,    f, g, k, l) {
    f = int(a / n); k = a % n
    g = int(b / n); l = b % n
    return (f + g) % 2 * n + (l + (g ? n - k : k)) % n
  }

  BEGIN {
    if (group !~ /^(symmetric|dihedral)$/ || n !~ /^[1-9][0-9]*$/ || n + 0 > (group == "symmetric" ? 6 : 200)) {
      print "group-table.sh: expected symmetric 1 to 6 or dihedral 1 to 200, found " group " " n >"/dev/stderr"
      exit 1
    }
    order = 0
    if (group == "symmetric") permute("", n)
    else order = 2 * n
    print "# the " group " group of order " order ": row a has the products a b"
    for (a = 0; a < order; a++) {
      row = ""
      for (b = 0; b < order; b++) row = row (b ? " " : "") (group == "symmetric" ? symmetric(a, b) : dihedral(a, b))
      print row
    }
  }' >"$3.new" || {
  rm -f "$3.new"
  exit 1
}
mv "$3.new" "$3"
