#!/bin/sh
# faults.sh TOOLS_DIR FAULTY_OPENCL: a device that is not there, cannot compute exactly, or is lost. Each
# time training must stop with one message that says what is wrong, and leave what was there.
set -u
# what PoCL does not free is not ours; and the library that is preloaded comes first
ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0:verify_asan_link_order=0"
export ASAN_OPTIONS
tools=$(cd "$1" && pwd) || exit 1
faulty=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1
"$tools/train" --devices >devices || exit 1
grep -q '^opencl ' devices || { echo 'SKIP: there is no OpenCL device'; exit 77; }
bad=0
small='data.modulus=7 model.d_model=16 model.n_heads=2 model.d_head=8 model.d_mlp=32 train.evaluate_every=10
  train.snapshot_every=10'

wrong() { # what
  echo "WRONG $1"
  sed 's/^/      /' stderr
  bad=1
}

run() { # FAULT ARGUMENT...
  FAULT=$1
  shift
  # shellcheck disable=SC2086 # settings are words
  LD_PRELOAD=$faulty FAULT=$FAULT "$tools/train" -q "$@" $small >stdout 2>stderr
}

# It must fail with one line that matches; what PoCL's compiler prints by itself does not count.
refuses() { # FAULT PATTERN
  rm -rf out
  run "$1" -o out --engine opencl train.epochs=20 && wrong "$1: it trained"
  sed -i '/^[0-9]* errors\{0,1\} generated\.$/d' stderr
  [ ! -s stdout ] && [ "$(wc -l <stderr)" -eq 1 ] || wrong "$1: not one line"
  grep -Eq "^train: --engine opencl: $2" stderr || wrong "$1: it does not say what is wrong"
  [ ! -e out ] || wrong "$1: it left a directory"
  echo "$1: $(cat stderr)"
}

refuses none 'there is no OpenCL device: a GPU needs '
refuses doubles '.* has no double precision, which losses need$'
refuses quotients '.* does not round quotients correctly$'
refuses compiler '.*: its compiler does not take the kernels: CL_[A-Z_]* \(-[0-9]+\): '
refuses group '.*: has groups of up to 64 work-items for the kernel [a-z_]*, which needs [0-9]+$'
refuses memory '.*: no memory for the training: [0-9.]+ MiB of [0-9.]+ GiB in pieces of [0-9.]+ GiB: CL_MEM_OBJECT_ALLOCATION_FAILURE '
refuses late '.*: no memory for the training: .*: CL_OUT_OF_RESOURCES '
refuses fma 'this device does not compute as the processor does: after one step [1-9][0-9]* of [0-9]+ numbers differ.*; --engine factored trains the same$'

# Lost before the training has begun, and on the way: what was saved goes on, on the processor too.
refuses 'lost 3' '.*: the device is lost'
run '' -o right --engine factored train.epochs=40 || wrong 'the processor does not train'
for fault in 'lost 500' 'silent 60'; do
  rm -rf out
  run "$fault" -o out --engine opencl --save-every 0 train.epochs=40 && wrong "$fault: it trained"
  [ "$(wc -l <stderr)" -eq 1 ] || wrong "$fault: not one line"
  grep -Eq '^train: .*: the device is lost, or broken: CL_[A-Z_]+ \(-[0-9]+\); the same command goes on from what was saved$' stderr ||
    wrong "$fault: it does not say that the device is lost"
  echo "$fault: $(cat stderr)"
  run '' -o out --engine factored train.epochs=40 || wrong "$fault: it does not go on"
  grep -q '^train: out: continuing at epoch [1-9]' stderr || wrong "$fault: it starts over"
  cmp out/trajectory.safetensors right/trajectory.safetensors || wrong "$fault: other bytes"
  cmp out/history.tsv right/history.tsv || wrong "$fault: other losses"
done

# A finished run stays as it is, whatever happens to the device of the next.
run 'lost 900' -o out --engine opencl --restart train.epochs=400 && wrong 'lost 900: it trained'
cmp out/trajectory.safetensors right/trajectory.safetensors || wrong 'it replaced a finished run'
exit "$bad"
