#!/bin/sh
# ungrokked.sh TOOLS SOURCE: do the claims' windows tell a network that has grokked from one that has
# only memorised? The quick run is stopped at epoch 1,200, when it fits its training pairs and no
# more, and judged as if it were finished: all claims must fail but those about memorisation.
set -eu

tools=$(cd "$1" && pwd)
source=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
run=runs/mainline

"$tools/train" -o $run "$source/configs/mainline.ini" "$source/configs/quick.ini" \
  train.epochs=1200 2>/dev/null
"$tools/checkpoint-to-spectrum" -o $run $run/trajectory.safetensors 2>/dev/null
"$tools/ablate" -o $run $run/trajectory.safetensors 2>/dev/null
"$tools/progress-measures" -o $run/progress-measures.tsv --tables $run $run/trajectory.safetensors \
  2>/dev/null

status=0
"$tools/verify" --scale quick -o claims.tsv "$source/paper/claims.tsv" \
  $run/spectrum-quantities.tsv $run/ablation-quantities.tsv $run/progress-quantities.tsv || status=$?
if [ "$status" -ne 1 ]; then
  echo "FAILED: verify ended with status $status, expected 1"
  exit 1
fi

# What holds for a network that has memorised: that it has, and that it does so without a circuit.
cat >expected <<END
excluded-falls
test-peak
train-accuracy
END
grep -v '^#' claims.tsv | awk -F '\t' 'NR > 1 && $8 == "holds" { print $1 }' | LC_ALL=C sort >found
if ! cmp -s expected found; then
  echo 'FAILED: of a network that has only memorised these claims are to hold (<), and these do (>):'
  diff expected found || :
  exit 1
fi
echo 'all as it should be'
