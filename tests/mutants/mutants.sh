#!/bin/sh
# mutants.sh [--pipeline] WORK [NAME...]: how much do the tests see? Puts each fault of mutants.txt, or those of
# these names, into a copy of the source tree, builds it, and runs the tests that must catch it; where none
# does, all unit and command-line tests but those of the kernels; with --pipeline also, of what they miss,
# those of the pipeline (minutes each).
#
# WORK is a folder for the copy, its build and results.tsv. What stands there is not tried again as long as
# the source tree is the same, so that a run that was interrupted goes on. Faults that are named are tried
# again. About ten seconds a fault on two cores.
#
# Verdicts: caught; elsewhere, by a test that mutants.txt does not name; digests, by nothing but changed
# bytes; survives; broken, where the fault does not apply or does not build. Exit status: 0 if all are caught.
set -eu
export LC_ALL=C

pipeline=
if [ "${1:-}" = --pipeline ]; then
  pipeline=yes
  shift
fi
[ $# -gt 0 ] || { sed -n '2,/^set/s/^# //p' "$0" >&2; exit 2; }
source=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
shift
tree=$work/source build=$work/build results=$work/results.tsv
faults=$source/tests/mutants/mutants.txt

# ---- the copy ----

# Brings the copy up to date; what has been found is void if the sources are others. A fault that an
# interrupted run left is taken out with today's date, so that Ninja sees it.
copy_sources() {
  for part in CHANGELOG.md CMakeLists.txt README.md tools configs figures tests paper; do
    (cd "$source" && find "$part" -type f)
  done | sort >"$work/files"
  (cd "$source" && xargs cksum <"$work/files" | grep -v ' tests/mutants/') >"$work/sums.new"
  cmp -s "$work/sums.new" "$work/sums" || rm -f "$results" "$work/sums"
  while read -r file; do
    mkdir -p "$tree/$(dirname "$file")"
    cmp -s "$source/$file" "$tree/$file" || cp "$source/$file" "$tree/$file"
  done <"$work/files"
  touch "$results"
}

builds() { # TARGET...
  ninja -C "$build" "$@" >"$work/log" 2>&1
}

# Runs the tests; $failed becomes the names of those that fail.
fails() { # OPTION... of ctest
  ctest --test-dir "$build" -j "$(nproc)" "$@" >"$work/log" 2>&1 || :
  failed=$(sed -n '/^The following tests FAILED/,$s/^.* - \([^ ]*\) (.*/\1/p' "$work/log" | tr '\n' ' ' | sed 's/ $//')
  [ -n "$failed" ]
}

# Tests that can see a fault outside the kernels; those of the kernels take longest. The test `mutants` sees
# every fault, for it cannot be put in twice.
soon() { fails -L 'unit|cli' -E '^(mutants$|check_(product|kernels|subnormals|threads))|_wide$'; }

prepare() {
  copy_sources
  [ -e "$build/build.ninja" ] ||
    cmake -G Ninja -S "$tree" -B "$build" -DCMAKE_BUILD_TYPE=Release -DSCALE=quick >"$work/log" 2>&1 ||
    { cat "$work/log"; exit 1; }
  [ ! -e "$work/sums" ] || return 0
  builds all || { cat "$work/log"; exit 1; }
  ! soon || { echo "without any fault these tests fail: $failed"; exit 1; }
  mv "$work/sums.new" "$work/sums"
}

# ---- a fault ----

of_fault() { # NAME KEY
  awk -v name="$1" -v key="$2" -f "$source/tests/mutants/fault.awk" "$faults"
}

# Says VERDICT and what caught it, of the tree as it is.
judge() { # NAME
  builds all || { echo 'broken	does not build'; return; }
  if fails -R "^($(of_fault "$1" caught | tr ' ' '|'))\$"; then
    echo "caught	$failed"
  elif soon; then
    echo "elsewhere	$failed"
  elif [ -z "$pipeline" ]; then
    echo 'survives	'
  elif ! builds mainline figures; then
    echo 'elsewhere	the build'
  elif ! fails -L pipeline; then
    echo 'survives	'
  elif [ "$failed" = digests ]; then
    echo 'digests	'
  else
    echo "elsewhere	$failed"
  fi
}

try() { # NAME
  file=$(of_fault "$1" file)
  if [ -z "$file" ] || [ ! -e "$tree/$file" ] ||
    ! awk -v name="$1" -f "$source/tests/mutants/fault.awk" "$faults" "$tree/$file" >"$work/faulty"; then
    verdict='broken	does not apply'
  else
    cat "$work/faulty" >"$tree/$file"
    verdict=$(judge "$1")
    cp "$source/$file" "$tree/$file"
  fi
  grep -v "^$1	" "$results" >"$work/results.new" || :
  printf '%s\t%s\n' "$1" "$verdict" | tee -a "$work/results.new"
  mv "$work/results.new" "$results"
}

# ---- all of them ----

prepare
if [ $# -gt 0 ]; then
  for name; do
    try "$name"
  done
else
  sed -n 's/^name: *//p' "$faults" >"$work/names"
  while read -r name; do
    grep -q "^$name	" "$results" || try "$name" </dev/null
  done <"$work/names"
fi

echo
cut -f 2 "$results" | sort | uniq -c
grep -v '	caught	' "$results" && exit 1
exit 0
