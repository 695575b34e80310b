#!/bin/sh
# packaging.sh SOURCE BUILD: what `cmake --install` and `cpack` make of a build tree. Installs it under a
# prefix and moves that, trains and draws with what is there; renders the manual pages; packs it twice and
# compares the bytes; and has dpkg install the package into a folder of its own, where dependencies are
# those of this system, use it there and remove it. What needs man, mandoc, dpkg or lintian is left out
# where these are missing, and said to be.
set -u
export LC_ALL=C OMP_NUM_THREADS=2
unset DESTDIR TRAIN_ENGINE SOURCE_DATE_EPOCH

source=$(cd "$1" && pwd) && build=$(cd "$2" && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
status=0
small='data.modulus=13 data.train_fraction=0.6 model.d_model=16 model.d_head=4 model.d_mlp=32'
small="$small train.epochs=60 train.snapshot_every=20 train.evaluate_every=20"

fail() { # what is wrong
  status=1
  echo "FAILED: $1"
}

has() { command -v "$1" >/dev/null 2>&1; } # COMMAND

# The command ends with that status; its words are in $work/out and $work/err.
ends_with() { # STATUS COMMAND...
  expected=$1
  shift
  found=0
  "$@" >"$work/out" 2>"$work/err" || found=$?
  [ "$found" -eq "$expected" ] && return
  fail "$*: status $found, expected $expected"
  cat "$work/err"
  return 1
}

must() { ends_with 0 "$@" || exit 1; } # COMMAND...

same() { # WHAT FOUND EXPECTED
  [ "$2" = "$3" ] || fail "$1 is \"$2\", expected \"$3\""
}

tools=$(sed -n 's/^tool	\([^	]*\)	.*/\1/p' "$build"/tools/descriptions/*.txt)
options_of() { # TOOL: as its --help lists them
  "$build/tools/$1" --help | sed -n '/^options:$/,/^$/s/^  ...\{0,1\} --\([A-Za-z_-]*\).*/--\1/p' | sort -u
}

# ---- one version, from the changelog ----

version=$(sed -n 's/^## \([0-9.]*\), [0-9-]*$/\1/p;/^## /q' "$source/CHANGELOG.md")
date=$(sed -n 's/^## [0-9.]*, \([0-9-]*\)$/\1/p;/^## /q' "$source/CHANGELOG.md")
[ -n "$version" ] && [ -n "$date" ] || fail 'CHANGELOG.md has no version'
same "README.md's citation" "$(sed -n 's/.*Version \([0-9.]*[0-9]\).*/\1/p' "$source/README.md")" "$version"

# ---- under a prefix ----

echo '- installed under a prefix, which is then moved'
must cmake --install "$build" --prefix "$work/first prefix"
mv "$work/first prefix" "$work/prefix"
ln -s "$work/prefix/bin/grokking" "$work/link"
must env DESTDIR="$work/destination" cmake --install "$build" --prefix /opt/grokking
(cd "$work/prefix" && find . -type f -exec cksum {} + | sort) >"$work/here"
(cd "$work/destination/opt/grokking" && find . -type f -exec cksum {} + | sort) >"$work/there"
cmp "$work/here" "$work/there" || fail 'DESTDIR and --prefix install different files'
same 'what is on the path' "$(ls "$work/prefix/bin")" grokking
grep -rIl -e "$source\b" -e "$build\b" "$work/prefix" && fail 'files name the source or the build tree'

PATH=$work/prefix/bin:$PATH
must grokking --help
for tool in $tools; do
  grep -q "^  $tool  *[a-z]" "$work/out" || fail "grokking --help does not list $tool"
done
must "$work/link" train --help
cp "$work/out" "$work/help"
must grokking help train
cmp "$work/out" "$work/help" || fail 'grokking help train is not grokking train --help'
must "$build/tools/train" --help
cmp "$work/out" "$work/help" || fail 'grokking train --help is not that of the build tree'
must grokking --version
case $(cat "$work/out") in
  "grokking $version" | "grokking $version (commit "*) ;;
  *) fail "grokking --version prints \"$(cat "$work/out")\"" ;;
esac
for tool in $tools; do
  must grokking "$tool" --version
  same "the version of $tool" "$(cat "$work/out")" "$("$build/tools/$tool" --version)"
  case $(cat "$work/out") in
    "$tool $version" | "$tool $version (commit "*) ;;
    *) fail "$tool --version is not $version" ;;
  esac
done
for wrong in trane count-cores ../bin/grokking train.commit 'train ablate' '' --verify; do
  ends_with 2 grokking "$wrong"
  [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" -eq 1 ] && grep -q '^grokking: ' "$work/err" ||
    fail "grokking \"$wrong\": expected one message"
done
ends_with 2 grokking
ends_with 2 grokking help trane
ends_with 2 grokking train --no-such-option
if has readelf; then
  readelf -d "$work"/prefix/libexec/grokking/* 2>/dev/null | grep -E 'RPATH|RUNPATH' &&
    [ -x /usr/bin/dpkg ] && fail 'a tool looks for libraries in folders of its own'
  readelf -S "$work/prefix/libexec/grokking/train" 2>/dev/null | grep -q '\.symtab' && fail 'train has symbols'
fi

use() { # the front end, in an empty folder: trains, measures, draws, judges
  data=$("$1" --data) && mkdir "$work/use" && cd "$work/use" || exit 1
  # shellcheck disable=SC2086 # settings are words
  must "$1" train -q -o run "$data/configs/mainline.ini" $small
  must "$1" progress-measures -o run/progress-measures.tsv run/trajectory.safetensors
  must "$1" render-figure --run run "$data/figures/fig07-progress-measures.ini" run/progress-measures.tsv
  head -c 5 run-fig07-progress-measures.pdf | grep -q '^%PDF-' || fail 'no figure was drawn'
  ends_with 1 "$1" verify --checkpoint run/trajectory.safetensors "$data/paper/claims.tsv"
  grep -q 'fails' "$work/out" || fail 'verify judged nothing'
  cd "$work" && rm -r use
}
use grokking

# ---- the manual ----

man=$work/prefix/share/man
same 'the pages' "$(cd "$man" && find . -type f | sort)" "$({
  for tool in $tools; do echo "./man1/grokking-$tool.1"; done
  echo ./man1/grokking.1
  echo ./man5/grokking-settings.5
} | sort)"
for page in "$man"/man?/*; do
  grep -q "^\.TH [A-Z-]* [15] $date \"grokking $version\"" "$page" || fail "$page has another version or date"
done
if has man; then
  echo '- manual pages, by man'
  for page in "$man"/man?/*; do
    man --warnings -E UTF-8 -l -Tutf8 -Z "$page" >/dev/null 2>"$work/err" && [ ! -s "$work/err" ] ||
      { fail "$page"; cat "$work/err"; }
  done
  for tool in $tools; do
    MANWIDTH=400 man -l "$man/man1/grokking-$tool.1" 2>/dev/null | sed 's/.\x08//g' >"$work/page"
    for heading in NAME SYNOPSIS DESCRIPTION OPTIONS 'EXIT STATUS' 'SEE ALSO'; do
      grep -qx "$heading" "$work/page" || fail "the page of $tool has no $heading"
    done
    same "the options in the page of $tool" "$(sed -n '/^OPTIONS$/,/^[A-Z]/s/^  *\(-., \)\{0,1\}\(--[A-Za-z_-]*\).*/\2/p' \
      "$work/page" | sort -u)" "$(options_of "$tool")"
    "$build/tools/$tool" --tables 2>/dev/null | cut -f 1 >"$work/tables"
    while read -r table; do
      grep -q "^  *$table" "$work/page" || fail "the page of $tool does not name $table"
    done <"$work/tables"
  done
  MANWIDTH=400 man -l "$man/man5/grokking-settings.5" 2>/dev/null | sed 's/.\x08//g' >"$work/page"
  "$build/tools/train" --settings | sed -n 's/^  \([a-z]*\.[A-Za-z0-9_]*=.*\)/\1/p' >"$work/settings"
  [ -s "$work/settings" ] || fail 'no settings'
  while read -r setting; do
    grep -Fq "       $setting" "$work/page" || fail "grokking-settings(5) does not have $setting"
  done <"$work/settings"
else
  echo '  without man: its pages were not rendered'
fi
if has mandoc; then
  echo '- manual pages, by mandoc'
  mandoc -Tlint -Wwarning "$man"/man?/* || fail 'mandoc found something'
fi

# ---- a Debian package ----

has dpkg-shlibdeps || { echo '  without dpkg-shlibdeps: no Debian package'; exit $status; }
echo '- a Debian package'
must cpack -G DEB --config "$build/CPackConfig.cmake" -B "$work/one"
name=grokking_${version}_$(dpkg --print-architecture).deb
deb=$work/one/$name
[ -f "$deb" ] || { fail "no $name"; exit 1; }
same "the package's version" "$(dpkg-deb -f "$deb" Version)" "$version"
dpkg-deb -f "$deb" Depends >"$work/depends"
for package in fonts-inter libc6 libcairo2 libopenblas0; do
  grep -Eq "(^|, )$package( |,|\$)" "$work/depends" || fail "the package does not depend on $package"
done
must dpkg-deb -x "$deb" "$work/unpacked"
must dpkg-parsechangelog -l "$work/unpacked/usr/share/doc/grokking/changelog.gz" -S Version
same "the Debian changelog's version" "$(cat "$work/out")" "$version"
must dpkg-parsechangelog -l "$work/unpacked/usr/share/doc/grokking/changelog.gz" -S Date
same "the Debian changelog's date" "$(cat "$work/out")" "$(date -u -d "$date" '+%a, %d %b %Y 00:00:00 +0000')"

echo '- packed again, the same bytes'
must cpack -G DEB --config "$build/CPackConfig.cmake" -B "$work/two"
cmp "$deb" "$work/two/$name" || fail 'two packages of one build differ'

if has lintian; then
  lintian --allow-root --fail-on error,warning "$deb" >"$work/out" 2>&1 || fail 'lintian found something'
  cat "$work/out"
else
  echo '  without lintian: the package was not looked at'
fi

# ---- installed by dpkg: into a folder, where dependencies are what this system has ----

echo '- installed, used and removed'
mkdir -p "$work/root" "$work/admin/info" "$work/admin/updates" "$work/admin/triggers"
cp /var/lib/dpkg/status "$work/admin/status"
by_dpkg() { # ARGUMENT...
  dpkg --force-not-root --log=/dev/null --instdir="$work/root" --admindir="$work/admin" "$@"
}
must by_dpkg -i "$deb"
same 'the state of the package' \
  "$(dpkg-query --admindir="$work/admin" -W -f '${Status} ${Version}' grokking)" "install ok installed $version"
(cd "$work/root/usr" && find . -type f ! -path './share/doc/*' | sed 's/\.gz$//;s/vendor-completions/site-functions/' |
  sort) >"$work/there"
(cd "$work/prefix" && find . -type f ! -path './share/doc/*' | sort) >"$work/here"
cmp "$work/here" "$work/there" || fail 'the package does not have what an installation has'
use "$work/root/usr/bin/grokking"
must by_dpkg -r grokking
same 'what is left' "$(find "$work/root" -type f)" ''
exit $status
