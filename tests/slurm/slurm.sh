#!/bin/sh
# slurm.sh SOURCE BUILD: LAUNCHER=slurm, with a Slurm of two nodes on this machine: the same bytes as here,
# what becomes of a job whose node dies, that is stopped, cancelled or fails, and of all of them after Ctrl-C;
# one allocation for many runs. The programs are an installed copy of those of BUILD.
# shellcheck disable=SC2086 # names of targets and runs have no blanks
set -eu

source=$1 build=$2
work=$(mktemp -d)
cluster=$work/cluster
. "$source/tests/slurm/cluster.sh"
need_slurm
trap 'stop_cluster; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset OMP_NUM_THREADS
log=$work/log

fail() {
  echo "FAILED: $1"
  [ ! -e "$log" ] || sed 's/^/    /' "$log"
  exit 1
}

wait_for() { # what COMMAND...: at most a minute
  what=$1 tries=0
  shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ $tries -lt 240 ] || fail "there is no $what"
    sleep 0.25
  done
}

says() { grep -q "$1" "$log" || fail "Ninja does not say \"$1\""; }
no_jobs() { [ -z "$(squeue -h)" ]; }
saved() { [ -s "$tree/runs/$1/resume.safetensors" ]; }       # RUN
is_job() { grep -q "^$2 slurm " "$tree/runs/$1/job"; }       # RUN STATE
job_of() { cut -d ' ' -f 3 <"$tree/runs/$1/job"; }           # RUN
node_of() { cut -d ' ' -f 4 <"$tree/runs/$1/job"; }          # RUN
same_as_here() { # RUN...
  for run; do
    for file in trajectory.safetensors history.tsv; do
      cmp "$work/here/runs/$run/$file" "$tree/runs/$run/$file" || fail "$run has other bytes"
    done
  done
}

configure() { # TREE OPTION...
  tree=$work/$1
  shift
  cmake -G Ninja -S "$work/project" -B "$tree" "-DCMAKE_PREFIX_PATH=$work/prefix" "$@" >"$log" 2>&1 || fail cmake
}

cmake --install "$build" --prefix "$work/prefix" >"$log" 2>&1 || fail 'cmake --install'
mkdir "$work/project"
cat >"$work/project/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(clustered NONE)
set(SCALE quick)
set(EXPERIMENT_SEEDS 2)
find_package(grokking REQUIRED)
add_subdirectory($source/configs configs)
run(long mainline.ini quick.ini train.epochs=4000 train.snapshot_every=1000)
run(diverging mainline.ini quick.ini train.epochs=100 optimizer.learning_rate=1e30 optimizer.weight_decay=0)
END

# SWEEP names what to sweep with: SWEEP=sweeps are all of them.
sweep=${SWEEP:-decay-0-swept decay-0.3-swept decay-2-swept decay-3-swept decay-5-swept}
configure here
ninja -C "$tree" $sweep long >"$log" 2>&1 || fail 'ninja, here'
start_cluster

echo '- another launcher: nothing is made again'
cmake -DLAUNCHER=slurm "$tree" >"$log" 2>&1 || fail cmake
ninja -C "$tree" -d explain $sweep long >"$log" 2>&1 || fail ninja
says '^ninja: no work to do.$'
cmake -DLAUNCHER=local "$tree" >"$log" 2>&1 || fail cmake
ninja -C "$tree" -d explain $sweep long >"$log" 2>&1 || fail ninja
says '^ninja: no work to do.$'

echo '- a sweep on two nodes: jobs wait, run and end; the bytes are those of this machine'
configure there -DLAUNCHER=slurm -DSLURM_PARTITION=main -DSLURM_TIME=10 "-DSLURM_OPTIONS=--comment=it's a test"
ninja -C "$tree" -j 8 $sweep >"$work/sweep.log" 2>&1 &
ninja=$!
wait_for 'job that waits' sh -c "grep -q '^queued slurm - -' '$tree'/runs/*/job"
wait_for 'job that runs' sh -c "grep -q '^running slurm [0-9]* n[12]' '$tree'/runs/*/job"
squeue -h -o '%j %k %l' | grep -q "^train decay-.* it's a test 10:00$" || fail 'the options did not reach Slurm'
wait $ninja || { cp "$work/sweep.log" "$log" && fail 'ninja, there'; }
runs=$(cd "$work/here/runs" && ls -d decay-*)
same_as_here $runs
! ls "$tree"/runs/*/job* >"$log" 2>&1 || fail 'a job left a trace'

echo '- a node dies: its run goes on, on the other one'
ninja -C "$tree" "$tree/runs/long/history.tsv" >"$work/long.log" 2>&1 &
ninja=$!
wait_for 'saved state' saved long
node=$(node_of long)
kill_node "$node"
wait $ninja || { cp "$work/long.log" "$log" && fail 'the run was lost'; }
cp "$work/long.log" "$log"
says "^launch: job [0-9]* of runs/long on $node was lost (NODE_FAIL) and is submitted again$"
says '^train: runs/long: continuing at epoch '
same_as_here long
start_node "$node"
wait_for 'node as before' sh -c '[ "$(sinfo -h -o %t%D)" = idle2 ]'

echo '- a job is stopped: it saves its state, and another one goes on'
rm "$tree"/runs/long/*.safetensors "$tree"/runs/long/history.tsv
ninja -C "$tree" "$tree/runs/long/history.tsv" >"$log" 2>&1 &
ninja=$!
wait_for 'saved state' saved long
scancel --signal=TERM "$(job_of long)"
wait $ninja || fail 'the run was lost'
says '^launch: job [0-9]* of runs/long on n[12] was lost'
says '^train: runs/long: continuing at epoch '
same_as_here long

echo '- a job is cancelled: that is an error, and the run goes on the next time'
rm "$tree"/runs/long/*.safetensors "$tree"/runs/long/history.tsv
ninja -C "$tree" "$tree/runs/long/history.tsv" >"$log" 2>&1 &
ninja=$!
wait_for 'saved state' saved long
scancel "$(job_of long)"
! wait $ninja || fail 'nobody noticed'
says '^launch: job [0-9]* of runs/long on n[12]: CANCELLED$'
saved long || fail 'its state is gone'

echo '- Ctrl-C: no job is left, and the runs go on the next time'
setsid ninja -C "$tree" -j 8 "$tree/runs/long/history.tsv" sweep-fractions >"$log" 2>&1 &
ninja=$!
wait_for 'job that runs' is_job long running
wait_for 'job that waits' sh -c "grep -q '^queued slurm - -' '$tree'/runs/fraction-*/job"
kill -INT $ninja
! wait $ninja || fail 'Ninja ended well'
wait_for 'end of all jobs' no_jobs
! ls "$tree"/runs/*/job >"$log" 2>&1 || fail 'a job left a trace'
ninja -C "$tree" "$tree/runs/long/history.tsv" >"$log" 2>&1 || fail 'the run was lost'
same_as_here long

echo '- a job that fails says why'
! ninja -C "$tree" diverging >"$log" 2>&1 || fail 'it did not fail'
says '^train: '
is_job diverging failed || fail "its job is $(cat "$tree/runs/diverging/job")"
no_jobs || fail 'there is a job left'

echo '- a program that crashes is run once; a job that Slurm refuses does not wait'
printf '#!/bin/sh\necho once >>%s/crashes\nkill -SEGV $$\n' "$work" >"$work/crash"
chmod +x "$work/crash"
! (cd "$tree" && ./launch runs/crash "$work/crash") >"$log" 2>&1 || fail 'it ended well'
[ "$(wc -l <"$work/crashes")" -eq 1 ] || fail "it was run $(wc -l <"$work/crashes") times"
grep -q '^failed slurm [0-9]* n[12]$' "$tree/runs/crash/job-crash" || fail 'it has not failed'
! (cd "$tree" && sed 's/--partition=main/--partition=nosuch/' launch >other && sh other runs/crash "$work/crash") \
  >"$log" 2>&1 || fail 'any partition was taken'
says 'invalid partition'
grep -qx 'failed slurm - -' "$tree/runs/crash/job-crash" || fail 'it waits'

echo '- one allocation for many runs'
configure allocated -DLAUNCHER=slurm
salloc --quiet -n 2 ninja -C "$tree" -j 2 decay-0-swept decay-3-swept decay-5-swept >"$log" 2>&1 || fail 'ninja in an allocation'
same_as_here decay-0 decay-3 decay-5
[ "$(scontrol -o show step 2>/dev/null | grep -c RUNNING)" -eq 0 ] || fail 'steps are left'
echo 'all as it should be'
