#!/bin/sh
# digests.sh [--update] BUILD DIGESTS FIGURE...: are all tables and figures of the quick run byte for byte
# those whose digests were committed? BUILD is a complete build of the preset quick without OVERRIDES;
# the figures are those of `ninja figures`, as the tree may have more.
# --update writes the digests instead: `ninja update-digests`, never a test run.
#
# The bytes of tables do not depend on installed software, but for those of the programs OUTSIDE, which are
# not compared. Those of figures depend on the drawing
# libraries, whose versions are in the first line of DIGESTS: with other versions figures are not
# compared, and a line says so. Exit status 77 (CTest: skipped) if the tree has other runs.
set -eu

update=
if [ "$1" = --update ]; then
  update=yes
  shift
fi
build=$1 digests=$2
shift 2
cd "$build"

versions() {
  echo "# cairo $(pkg-config --modversion cairo), pango $(pkg-config --modversion pango)," \
    "freetype $(pkg-config --modversion freetype2)," \
    "Inter $(dpkg-query -W -f '${Version}' fonts-inter 2>/dev/null || echo unknown)"
}

OUTSIDE='principal-components clock-or-pizza' # whose digits come from OpenBLAS and LAPACK

digest() {
  versions
  for tool in $OUTSIDE; do
    "tools/$tool" --tables
  done | sed 's,\t.*,,; s,^,runs/mainline/,' >digests.outside
  find runs/mainline \( -name '*.tsv' -o -name config.ini -o -name trajectory.safetensors \) |
    grep -Fvxf digests.outside | LC_ALL=C sort | xargs sha256sum
  sha256sum runs/seeds.tsv
  (cd figures && sha256sum "$@") | sed 's,  ,  figures/,'
}

if [ ! -s runs/mainline/progress-quantities.tsv ] || [ ! -s runs/seeds.tsv ]; then
  echo 'nothing is built that could be compared: ninja mainline figures'
  exit 77
fi
digest "$@" >digests.found
if [ -n "$update" ]; then
  cp digests.found "$digests"
  echo "wrote $digests"
  exit
fi

configuration() { grep 'runs/mainline/config.ini' "$1"; }
if [ "$(configuration digests.found)" != "$(configuration "$digests")" ]; then
  echo 'the digests are of another configuration than this tree has'
  exit 77
fi
compared=.
if [ "$(head -n 1 digests.found)" != "$(head -n 1 "$digests")" ]; then
  echo 'figures are not compared, for the digests were made with other versions:'
  head -qn 1 "$digests" digests.found
  compared=' runs/'
fi
for file in digests.found "$digests"; do
  grep -v '^#' "$file" | grep -e "$compared" | LC_ALL=C sort -k 2
done >digests.both
if [ -z "$(LC_ALL=C sort digests.both | uniq -u)" ]; then
  echo "every one of $(($(wc -l <digests.both) / 2)) files has the bytes of its digest"
  exit
fi
echo 'these files are not those of the digests:'
LC_ALL=C sort digests.both | uniq -u | awk '{ print "  " $2 }' | LC_ALL=C sort -u
echo 'Where the cause is a change that was meant, `ninja update-digests` accepts it.'
exit 1
