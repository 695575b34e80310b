#!/bin/sh
# bench-gpu.sh TRAIN BENCH_DEVICES: the engine for devices on the first device there is, or on $ENGINE and
# $DEVICE: the same bytes as the processor's, milliseconds per epoch, and PyTorch's on the same GPU, where
# there is a PyTorch that sees one. SIZES and SECONDS_EACH are passed on to bench-devices.
set -eu
train=$1 bench=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

echo '== devices'
"$train" --devices | tee "$work/devices"
[ -s "$work/devices" ] || { echo 'there is none'; exit 1; }
engine=${ENGINE:-$(head -n 1 "$work/devices" | cut -d ' ' -f 1)}
device=${DEVICE:-0}
command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,driver_version,clocks.max.sm --format=csv,noheader

echo "== the bytes of engine $engine, device $device, against the processor's"
for settings in 'data.modulus=113' 'data.modulus=59 model.activation=gelu model.attention=softmax1'; do
  for each in factored "$engine"; do
    [ "$each" = factored ] && on= || on="--device $device"
    # shellcheck disable=SC2086 # settings are words
    "$train" -q -o "$work/$each" --restart --engine "$each" $on $settings \
      train.epochs="${EPOCHS:-400}" train.evaluate_every=10 2>"$work/log" || { cat "$work/log"; exit 1; }
  done
  for file in trajectory.safetensors history.tsv; do
    cmp "$work/factored/$file" "$work/$engine/$file"
  done
  echo "same: $settings, ${EPOCHS:-400} epochs"
done

echo '== milliseconds'
# shellcheck disable=SC2086 # sizes are words
"$bench" --engine "$engine" --device "$device" --seconds "${SECONDS_EACH:-2}" ${SIZES:-}

echo '== PyTorch on the same GPU'
for python in ${PYTHON:-python3 /usr/bin/python3}; do
  if "$python" -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
    "$python" "$here/pytorch_gpu.py"
    exit
  fi
done
echo 'SKIP: no PyTorch that sees a GPU'
