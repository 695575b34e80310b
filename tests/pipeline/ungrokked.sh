#!/bin/sh
# ungrokked.sh TOOLS SOURCE: do the claims' windows distinguish a network that has grokked from one that
# has only memorised? The quick run is stopped at epoch 1,200, when it fits only its training pairs, and
# judged as if it were finished. Then the complete quick run is judged at snapshots from before it
# generalises, with its final key frequencies. All claims must fail except those listed below.
set -eu

tools=$(cd "$1" && pwd)
source=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
status=0

train() { # RUN [section.key=value...]
  to=$1
  shift
  "$tools/train" -o "$to" "$source/configs/mainline.ini" "$source/configs/quick.ini" "$@" 2>/dev/null
}

measure() { # TRAJECTORY FOLDER [--epoch N]
  trajectory=$1 folder=$2
  shift 2
  "$tools/checkpoint-to-spectrum" -o "$folder" "$@" "$trajectory" 2>/dev/null
  "$tools/ablate" -o "$folder" "$@" "$trajectory" 2>/dev/null
}

# Exactly the claims named on standard input, in order, may hold of the tables in mainline/.
holds_only() { # FOLDER WHAT
  cat >expected
  find "$1/mainline" -name '*-quantities.tsv' -o -name neuron-logit-directions.tsv \
    -o -name progress-measures.tsv |
    xargs "$tools/verify" --scale quick --run mainline --quiet -o claims.tsv "$source/paper/claims.tsv"
  awk -F '\t' '/^#/ { next } !column { for (i = 1; i <= NF; i++) if ($i == "verdict") column = i; next }
    $column == "holds" { print $1 }' claims.tsv | LC_ALL=C sort >found
  echo "$2: $(wc -l <found) of $(grep -vc '^#\|^claim	' claims.tsv) claims hold"
  cmp -s expected found && return
  echo "FAILED: of $2 these claims are to hold (<), and these do (>):"
  diff expected found || :
  status=1
}

# What holds for a network that has memorised: that it has, and that it does so without a circuit. Its loss
# over all pairs is more than a guess costs, so that it falls when most of what the network does is taken
# away, and no replacement makes it much worse: that ablations lower the loss, or hardly change it, tells
# nothing by itself, only beside a loss that is small.
train stopped/mainline train.epochs=1200
measure stopped/mainline/trajectory.safetensors stopped/mainline
"$tools/progress-measures" -o stopped/mainline/progress-measures.tsv --tables stopped/mainline \
  stopped/mainline/trajectory.safetensors 2>/dev/null
holds_only stopped 'the run stopped at epoch 1,200' <<END
attention-linear
attention-no-equals
attention-skip
attention-to-equals
directions-fall
excluded-falls
logit-fit-falls
memorises
polynomials-alike
products-fall
projection-falls
test-peak
train-accuracy
END
verdict=0
"$tools/verify" --scale quick "$source/paper/claims.tsv" stopped/mainline/*-quantities.tsv >/dev/null ||
  verdict=$?
if [ "$verdict" -ne 1 ]; then
  echo "FAILED: verify ended with status $verdict, expected 1"
  status=1
fi

# The snapshots are asked for the key frequencies of the last one, so that their number is that of
# the grokked network and says nothing of them; nor does the side peak of one of them. Structure comes
# before generalisation, in the paper as well: the heads attend by key frequencies while the circuit
# forms (section 5.2), the logits have components at them, and its part in the training pairs' logits,
# which is what excluded loss and the excluded loss of one key tell, grows before the test pairs are
# right; the few neurons that are in a cluster by then write to its frequency alone. The training loss is at
# its final balance once the weights have stopped growing, and so are most coefficients of u_k and v_k. All
# else, every loss over all pairs above all, waits for generalisation.
train whole/mainline
measure whole/mainline/trajectory.safetensors epoch-1200/mainline --epoch 1200
holds_only epoch-1200 'the run at epoch 1,200' <<END
attention-keys
attention-linear
attention-no-equals
attention-skip
attention-to-equals
directions-fall
key-frequencies
logit-components
logit-fit-falls
one-key
polynomials-alike
products-fall
projection-falls
side-peak
train-accuracy
END
measure whole/mainline/trajectory.safetensors epoch-2400/mainline --epoch 2400
holds_only epoch-2400 'the run at epoch 2,400' <<END
attention-keys
attention-linear
attention-no-equals
attention-to-equals
cluster-W_L
directions-fall
excluded-loss
key-frequencies
logit-components
logit-fit-falls
one-key
polynomials-alike
products-fall
projection-falls
side-peak
train-accuracy
train-loss
u-coefficient-least
u-coefficient-most
v-coefficient-most
END
[ "$status" -ne 0 ] || echo 'all as it should be'
exit "$status"
