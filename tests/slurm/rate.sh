#!/bin/sh
# rate.sh SOURCE BUILD [RUNS]: how many trainings a minute Ninja gets done, of runs that take hardly any time: here,
# as jobs of a Slurm of two nodes on this machine, and as steps of one allocation. A measurement, no test.
set -eu

source=$1 build=$2 runs=${3:-100}
work=$(mktemp -d)
cluster=$work/cluster
. "$source/tests/slurm/cluster.sh"
need_slurm
trap 'stop_cluster; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset OMP_NUM_THREADS

cmake --install "$build" --prefix "$work/prefix" >"$work/log"
mkdir "$work/project"
cat >"$work/project/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(rate NONE)
find_package(grokking REQUIRED)
grid(tiny MAP data.modulus=5 data.train_fraction=0.5 model.d_model=8 model.d_head=2 model.d_mlp=8 train.epochs=2
  train.snapshot_every=2 train.evaluate_every=2 "optimizer.weight_decay=0 1" "optimizer.beta1=0.8 0.9"
  "train.seed=$(seq -s ' ' $((runs / 4)))")
END
start_cluster

rate() { # what OPTION COMMAND...
  what=$1 option=$2
  shift 2
  rm -rf "$work/tree"
  cmake -G Ninja -S "$work/project" -B "$work/tree" "-DCMAKE_PREFIX_PATH=$work/prefix" "$option" >"$work/log"
  ninja -C "$work/tree" configurations >"$work/log"
  begin=$(date +%s.%N)
  "$@" ninja -C "$work/tree" -j 8 tiny >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
  }
  end=$(date +%s.%N)
  awk -v what="$what" -v n="$runs" -v begin="$begin" -v end="$end" \
    'BEGIN { printf "%-24s %6.0f a minute\n", what, 60 * n / (end - begin) }'
}

rate here -DLAUNCHER=local
rate 'jobs of Slurm' -DLAUNCHER=slurm
rate 'steps of an allocation' -DLAUNCHER=slurm salloc --quiet -n 2
