#!/bin/sh
# arm.sh SOURCE_DIR TOOLS_DIR: the bytes of 64-bit ARM. Builds the tools with Debian's cross compiler and
# lets qemu-user run them: a training of some hundred epochs, with GELU and softmax1 one of a few, and
# every analysis of what these tools promise to give the same everywhere. Each file must be that of the
# tools in TOOLS_DIR, byte for byte. EPOCHS is how many (default 120).
#
# Exit status 77 where something is missing: the packages gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and
# qemu-user, and of the architecture arm64 (dpkg --add-architecture arm64) libinih-dev, libjansson-dev,
# libzip-dev, libxxhash-dev, libopenblas-dev, libcairo2-dev, libpango1.0-dev and libgif-dev.
set -u
source=$(cd "$1" && pwd) && tools=$(cd "$2" && pwd) || exit 1
epochs=${EPOCHS:-120}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
for program in aarch64-linux-gnu-gcc qemu-aarch64; do
  command -v $program >"$work/log" || { echo "SKIP: $program is not installed"; exit 77; }
done
cmake -S "$source" -B "$work/build" -G Ninja -DSCALE=quick -DBUILD_TESTING=OFF -DFATAL_WARNINGS=ON \
  -DCMAKE_TOOLCHAIN_FILE="$source/tests/arm/aarch64.cmake" >"$work/log" 2>&1 ||
  { echo "SKIP: $(grep -m 1 -E 'Could NOT find|not found|No package' "$work/log"), for arm64"; exit 77; }
analyses='checkpoint-to-spectrum ablate trace-algorithm'
targets=tools/train
for tool in $analyses progress-measures; do targets="$targets tools/$tool"; done
# shellcheck disable=SC2086 # targets are words
ninja -C "$work/build" $targets >"$work/log" 2>&1 || { tail -n 30 "$work/log"; exit 1; }

small='data.modulus=29 model.d_model=64 model.d_head=16 model.d_mlp=96 data.train_fraction=0.5'
cd "$work" || exit 1
make_all() { # DIRECTORY [EMULATOR] TOOLS_DIR: "$@"/tool is a tool of TOOLS_DIR, run by the emulator
  to=$1
  shift
  # shellcheck disable=SC2086 # settings are words
  "$@"/train -q -o "$to/run" $small train.epochs="$epochs" train.evaluate_every=10 train.snapshot_every=40 &&
    "$@"/train -q -o "$to/gelu" $small train.epochs=30 model.activation=gelu model.attention=softmax1 &&
    "$@"/progress-measures -o "$to/measures.tsv" "$to/run/trajectory.safetensors" || return 1
  for tool in $analyses; do
    "$@/$tool" -o "$to/$tool" "$to/run/trajectory.safetensors" || return 1
  done
  rm -f "$to"/*/resume.safetensors # names the program
}
mkdir here arm
make_all here "$tools" 2>log || { cat log; exit 1; }
make_all arm qemu-aarch64 "$work/build/tools" 2>log || { cat log; exit 1; }
diff -r here arm || exit 1
echo "$(find arm -type f | wc -l) files are the same on 64-bit ARM"
