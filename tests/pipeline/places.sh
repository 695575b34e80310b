#!/bin/sh
# places.sh SOURCE [C_COMPILER]: a build works anywhere: from a read-only source tree, in a folder with
# blanks in its name, twice at once, with more jobs than cores; and a source tree that was moved builds
# the same bytes.
set -eu
export OMP_NUM_THREADS=1

source=$1
compiler=${2:-cc}
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
tiny='data.modulus=13;data.train_fraction=0.5;model.d_model=16;model.d_head=4'
tiny="$tiny;model.d_mlp=32;train.epochs=60;train.snapshot_every=20;train.evaluate_every=20"

configure() { # SOURCE BUILD
  # -O1: three trees are compiled
  cmake -G Ninja -S "$1" -B "$2" -DCMAKE_C_COMPILER="$compiler" -DBUILD_TESTING=OFF -DCMAKE_C_FLAGS_RELEASE=-O1 \
    -DOVERRIDES="$tiny" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}

finished() { # what LOG STATUS
  [ "$3" -eq 0 ] || { echo "FAILED: $1"; cat "$2"; exit 1; }
  echo "- $1"
}

mkdir "$work/a source"
for part in CHANGELOG.md CMakeLists.txt tools configs figures tests paper; do
  cp -R "$source/$part" "$work/a source/"
done
chmod -R a-w "$work/a source"
inventory() { (cd "$1" && find . -type f -exec cksum {} + | LC_ALL=C sort -k 3); }
inventory "$work/a source" >"$work/before" # root may write all the same

configure "$work/a source" "$work/one build"
configure "$work/a source" "$work/other build"
ninja -j8 -C "$work/one build" mainline figures >"$work/one log" 2>&1 &
one=$!
status=0
ninja -j8 -C "$work/other build" mainline figures >"$work/other log" 2>&1 || status=$?
finished 'two builds at once, eight jobs each, blanks in every path, sources read-only' \
  "$work/other log" $status
wait $one || status=$?
finished 'the other one of them' "$work/one log" $status

inventory "$work/a source" >"$work/after"
cmp "$work/before" "$work/after" || { echo 'FAILED: a build wrote to the sources'; exit 1; }
chmod u+w "$work/a source"
mv "$work/a source" "$work/moved"
configure "$work/moved" "$work/third"
ninja -C "$work/third" mainline figures >"$work/third log" 2>&1 || status=$?
finished 'the sources moved' "$work/third log" $status

for file in $(cd "$work/third" && echo runs/mainline/*.tsv runs/mainline/*trajectory.safetensors \
  figures/*.pdf tools/train.code); do
  for build in 'one build' 'other build'; do
    cmp "$work/$build/$file" "$work/third/$file" || exit 1
  done
done
echo '- the same bytes everywhere'
echo 'all as it should be'
