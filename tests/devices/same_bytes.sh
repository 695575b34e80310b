#!/bin/sh
# same_bytes.sh TOOLS_DIR: trainings on an OpenCL device, which may be PoCL's, a processor, against those of
# the factored engine: trajectory and history byte for byte, whatever the network; begun on one engine
# and ended on the other; several together. EPOCHS is how many of each (default 30, of p = 113 a sixth).
set -u
# what PoCL does not free is not ours; and the library that is preloaded comes first
ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0:verify_asan_link_order=0"
export ASAN_OPTIONS
tools=$(cd "$1" && pwd) || exit 1
epochs=${EPOCHS:-30}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1
"$tools/train" --devices >devices || exit 1
grep '^opencl ' devices || { echo 'SKIP: there is no OpenCL device'; exit 77; }
bad=0

train() { # ENGINE ARGUMENT...
  engine=$1
  shift
  "$tools/train" -q --engine "$engine" "$@" train.evaluate_every=5 train.snapshot_every=10 2>>log
}

same() { # DIRECTORY DIRECTORY WHAT
  if cmp "$1/trajectory.safetensors" "$2/trajectory.safetensors" && cmp "$1/history.tsv" "$2/history.tsv"; then
    echo "same bytes: $3"
  else
    echo "OTHER BYTES: $3"
    cat log
    bad=1
  fi
  rm -rf "$1" "$2" log
}

compare() { # EPOCHS SETTING...
  n=$1
  shift
  train factored -o processor "$@" train.epochs="$n"
  train opencl -o device "$@" train.epochs="$n"
  same processor device "$*"
}

compare "$epochs" data.modulus=13
compare "$epochs" data.modulus=13 model.attention=softmax1 model.biases=false
compare "$epochs" data.modulus=13 model.attention=uniform model.output_equals=false
compare "$epochs" data.modulus=13 model.attention=softmax1-unnormalised model.activation=gelu
compare "$epochs" data.modulus=13 model.attention_rate=0.3 data.train_fraction=0.9
compare "$epochs" data.modulus=13 data.equals=false data.train_fraction=0.8 model.activation=gelu
compare "$epochs" data.modulus=13 model.registers=2 data.operation=multiply
compare "$epochs" data.modulus=13 data.equals=false model.registers=1 model.attention=softmax1-unnormalised \
  model.attention_rate=0.5 data.train_fraction=0.9
compare "$epochs" data.modulus=17 model.n_heads=6 model.d_head=7 model.d_model=40 model.d_mlp=70 model.biases=false
compare "$epochs" data.modulus=5 model.n_heads=1 data.train_fraction=0.04 # one pair is trained
compare "$epochs" data.modulus=59 data.operation=divide
compare 10 data.train_fraction=0.001 model.d_model=16 model.d_mlp=16 # a thousand times as many test pairs
compare "$epochs" data.modulus=97 model.d_mlp=600 model.activation=gelu
compare $((epochs / 6)) # the paper's
compare $((epochs / 6)) model.output_equals=false model.attention=softmax1

# Interrupted and continued on the other engine.
half=$((epochs / 2))
train factored -o processor data.modulus=13 train.epochs="$epochs"
for order in 'opencl factored' 'factored opencl' 'opencl opencl'; do
  rm -rf both
  # shellcheck disable=SC2086 # two words
  set -- $order
  train "$1" -o both data.modulus=13 train.epochs=$half
  train "$2" -o both data.modulus=13 train.epochs="$epochs"
  cp -r processor copy
  same copy both "begun by $1, ended by $2"
done

# Several in one launch: other seeds, pairs and rates.
for seed in 0 1 2; do
  echo "together-$seed train.seed=$seed data.seed=$seed optimizer.weight_decay=0.$((seed + 1))"
done >runs
train opencl --runs runs data.modulus=13 train.epochs="$epochs"
for seed in 0 1 2; do
  train factored -o alone data.modulus=13 train.epochs="$epochs" train.seed=$seed data.seed=$seed \
    optimizer.weight_decay=0.$((seed + 1))
  same alone together-$seed "seed $seed of three together"
done

# One that diverges takes none of the others with it, nor does one that ends early.
{
  echo 'good optimizer.learning_rate=0.002'
  echo 'bad optimizer.learning_rate=1e30 optimizer.weight_decay=0'
  echo 'short optimizer.learning_rate=1e30 optimizer.weight_decay=0 train.epochs=1'
} >runs
"$tools/train" -q --engine opencl --runs runs data.modulus=11 train.epochs=150 train.evaluate_every=50 \
  --save-every 0 2>log && { echo 'WRONG: no run failed'; bad=1; }
[ ! -e bad/train.lock ] && [ ! -e bad/trajectory.safetensors ] && [ -e short/trajectory.safetensors ] &&
  grep -Eq '^bad: epoch [1-9]: the training loss is (nan|-?inf); ' log && grep -q '^train: 1 of 3 runs failed$' log ||
  { echo 'WRONG: not the one that diverges'; cat log; bad=1; }
"$tools/train" -q --engine factored -o alone data.modulus=11 train.epochs=150 train.evaluate_every=50 \
  optimizer.learning_rate=0.002 2>>log
same alone good 'one beside a run that diverges and one that ends early'
exit "$bad"
