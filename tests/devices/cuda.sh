#!/bin/sh
# cuda.sh TOOLS_DIR STAND_IN: the engine cuda over a stand-in for its driver and compiler, which computes
# by OpenCL: the same bytes as the processor's, and what it says when something is missing.
set -u
# what PoCL does not free is not ours; and the library that is preloaded comes first
ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0:verify_asan_link_order=0"
export ASAN_OPTIONS
tools=$(cd "$1" && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
"$tools/train" --devices >"$work/devices" || exit 1
grep -q '^opencl ' "$work/devices" || { echo 'SKIP: there is no OpenCL device'; exit 77; }
mkdir "$work/driver" "$work/compiler"
ln -s "$2" "$work/driver/libcuda.so.1"
ln -s "$2" "$work/compiler/libnvrtc.so"
cd "$work" || exit 1
bad=0
small='data.modulus=11 model.d_model=24 model.n_heads=2 model.d_head=12 model.d_mlp=40 train.evaluate_every=7
  train.snapshot_every=10'

wrong() { # what
  echo "WRONG $1"
  sed 's/^/      /' stderr
  bad=1
}

cuda() { # LIBRARIES FAULT ARGUMENT...
  libraries=$1 fault=$2
  shift 2
  # shellcheck disable=SC2086 # settings are words
  LD_LIBRARY_PATH=$libraries CUDA_FAULT=$fault "$tools/train" -q --engine cuda "$@" $small >stdout 2>stderr
}

refuses() { # LIBRARIES FAULT PATTERN
  rm -rf out
  cuda "$1" "$2" -o out train.epochs=5 && wrong "$2: it trained"
  [ "$(wc -l <stderr)" -eq 1 ] && grep -Eq "^train: --engine cuda: $3" stderr || wrong "$2: it does not say why"
  [ ! -e out ] || wrong "$2: it left a directory"
  cat stderr
}

both=$work/driver:$work/compiler
LD_LIBRARY_PATH=$both "$tools/train" --devices | grep -Eq '^cuda +0  stand-in, 4\.0 GiB, CUDA$' ||
  wrong 'the device is not listed'
[ -e /usr/local/cuda/lib64/libnvrtc.so ] || refuses "$work/driver" '' "CUDA's compiler libnvrtc\\.so is not there; LD_LIBRARY_PATH names where"
refuses "$both" memory 'stand-in: no memory for the training: [0-9.]+ MiB of 4\.0 GiB: CUDA_ERROR_OUT_OF_MEMORY \(2\)$'
refuses "$both" compiler 'stand-in: its compiler does not take the kernels: kernels\.cl\(1\): error: it is a stand-in$'

# shellcheck disable=SC2086 # settings are words
"$tools/train" -q -o right --engine factored train.epochs=50 $small 2>stderr || wrong 'the processor does not train'
cuda "$both" '' -o out train.epochs=20 || wrong 'it does not train'
cuda "$both" '' -o out train.epochs=50 || wrong 'it does not go on'
for file in trajectory.safetensors history.tsv; do
  cmp out/$file right/$file || wrong 'other bytes'
done
printf 'one\ntwo train.seed=1\n' >runs
cuda "$both" '' --runs runs train.epochs=50 || wrong 'two do not train'
cmp one/trajectory.safetensors right/trajectory.safetensors || wrong 'other bytes, of two together'
exit "$bad"
