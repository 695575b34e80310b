#!/bin/sh
# products.sh TOOLS_DIR WRONG_SGEMM SERIAL_OPENBLAS: the textbook engine must notice that OpenBLAS computes
# wrong products before it trains, and say what to do; the factored engine does not need OpenBLAS. An
# OpenBLAS without threads must not be called by two threads at once.
set -eu
export ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" # for the preloaded library
tools=$(cd "$1" && pwd) wrong=$2 serial=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
small='data.modulus=7 train.epochs=2 model.d_model=32 model.d_mlp=64'

run() { # ENGINE WRONG_BY
  # shellcheck disable=SC2086 # settings are words
  LD_PRELOAD=$wrong WRONG_BY=$2 "$tools/train" -o out --engine "$1" $small >stdout 2>stderr
}

fail() {
  echo "$1"
  cat stderr
  exit 1
}

for wrong_by in 0.01 nan; do
  if run textbook $wrong_by; then fail "it trained with products that are wrong by $wrong_by"; fi
  grep -Eq '^train: OpenBLAS [0-9.]+ [A-Za-z]+ computes a wrong product of \[[0-9]+, [0-9]+\] and \[[0-9]+, [0-9]+\] on this processor; the environment variable OPENBLAS_CORETYPE=Haswell makes it use other kernels$' stderr ||
    fail 'it did not say what is wrong'
  [ ! -e out/trajectory.safetensors ] || fail 'it left a trajectory'
done
run factored 0.01 || fail 'the factored engine did not train'
"$tools/train" -o right --engine textbook $small 2>stderr || fail 'right products were found wrong'
LD_PRELOAD=$serial "$tools/train" -o alone --threads 4 --engine textbook $small data.modulus=31 2>stderr ||
  fail 'it called an OpenBLAS without threads with several'
"$tools/train" -o right --restart --engine textbook $small data.modulus=31 2>stderr
cmp alone/trajectory.safetensors right/trajectory.safetensors || fail 'other bits'
echo 'wrong products are noticed before the training, and none is made'
