#!/bin/sh
# faults.sh TOOLS_DIR: what happens to the outputs if a system call of a tool fails?
#
# Each tool does a small job under strace, which lists its calls. Then the job is repeated for every
# call that concerns a file of the job, with that call failing as for a full or broken disk, too many
# open files and the like. Of the calls made by the loader and the libraries for themselves, every
# STRIDE-th is made to fail too (default 48; 1 takes half an hour).
#
# Whatever fails, each target must be byte for byte the old or the new file, with no other files left,
# and the tool must either succeed with all targets new, or exit with status 1 and a message that ends
# with the system's reason. It must not succeed if the call wrote, synced, closed or renamed a target.
# If a library's call fails, the message may be the library's. A training may leave its resume state;
# then repeating the command must make the new files. A training that cannot read its resume state
# must stop: starting over would lose it.
#
# Prints one line per job and per failure. Exit status: 0 if nothing failed, 1 otherwise, 77 if strace
# is missing or not allowed to trace.

set -u
tools=$(cd "$1" && pwd) || exit 1
stride=${STRIDE:-48}

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
command -v strace >/dev/null || { echo 'skipped: strace is not installed'; exit 77; }
strace -o /dev/null true 2>"$scratch/why" || {
  echo "skipped: strace may not trace here: $(tail -n 1 "$scratch/why")"
  exit 77
}

# One thread and one process, whose calls come in one order.
OMP_NUM_THREADS=1 LC_ALL=C
ASAN_OPTIONS=detect_leaks=0 # leaks cannot be looked for under strace
export OMP_NUM_THREADS LC_ALL ASAN_OPTIONS

# The calls that fail, how, and what the system says then.
kinds='write ENOSPC No space left on device
pwrite64 ENOSPC No space left on device
ftruncate EFBIG File too large
fsync EIO Input/output error
close EIO Input/output error
rename EACCES Permission denied
mkdir EROFS Read-only file system
fchmod EPERM Operation not permitted
fcntl EMFILE Too many open files
openat EMFILE Too many open files
newfstatat ENOMEM Cannot allocate memory
mmap ENOMEM Cannot allocate memory
read EIO Input/output error
pread64 EIO Input/output error'
traced=$(echo "$kinds" | sed 's/ .*//;s/^/?/' | paste -s -d , -)

# ---- one job ----

wrong() { # what was found
  wrongs=$((wrongs + 1))
  echo "WRONG $job: $1"
  if [ -s "$dir/call" ]; then sed 's/^/      call: /' "$dir/call"; fi
  tail -n 3 "$dir/stderr" | sed 's/^/      stderr: /'
}

# Does the job with the call number $2 of the kind $1 failing with $3; without arguments, undisturbed.
# Leaves $status, and in $dir: out/, stderr, log.
do_job() {
  rm -rf "$dir/out"
  cp -R "$dir/old" "$dir/out"
  if [ $# -eq 0 ]; then set -- "$traced" ''; else set -- "$1" "$1:error=$3:when=$2"; fi
  status=0
  (cd / && exec strace -qq -y -o "$dir/log" -e "trace=$1" ${2:+-e "inject=$2"} \
    "$tools/$tool" $arguments) >"$dir/stdout" 2>"$dir/stderr" </dev/null || status=$?
  [ -z "$redirected" ] || cp "$dir/stdout" "$dir/out/$redirected"
}

# The numbers of the calls of a kind that concern the job's files, or that do not.
numbers() { # KIND job|library
  grep "^$1(" "$dir/calls" | awk -v path="$dir/" -v wanted="$2" \
    '(index($0, path) > 0) == (wanted == "job") { print NR }'
}

# Every target is the old file or the new one, and there are no other files.
check_targets() {
  all_new=yes
  for file in $({ ls -A "$dir/out" && ls -A "$dir/new"; } | sort -u); do
    if cmp -s "$dir/out/$file" "$dir/new/$file"; then continue; fi
    all_new=
    if cmp -s "$dir/out/$file" "$dir/old/$file"; then continue; fi
    if [ -n "$redirected" ]; then continue; fi # what stdout is, the tool cannot take back
    if [ ! -e "$dir/out/$file" ]; then
      [ ! -e "$dir/old/$file" ] || wrong "$file is gone"
    elif [ -e "$dir/new/$file" ]; then
      wrong "$file is neither the old file nor the new one"
    elif [ "$1" = job ] && [ -z "$continues" ]; then
      wrong "$file is left over"
    fi
  done
}

# The call did something to a target on its way. What is closed may be an old target that was read,
# or a lock, or a table of one snapshot, or its folder, out of which the target is made.
concerns_target() { # KIND
  grep -qF "$dir/out/" "$dir/call" || return 1
  [ "$1" = close ] || return 0
  closed=$(sed "s,^close([0-9]*<$dir/out/\([^>]*\)>.*,\1," "$dir/call")
  [ ! -e "$dir/old/$closed" ] && [ "$closed" = "${closed%.lock}" ] && [ "$closed" = "${closed#snapshot.}" ]
}

check_run() { # job|library KIND REASON
  check_targets "$1"
  ! grep -q 'starting over' "$dir/stderr" || wrong 'what was saved is lost'
  if [ "$status" -eq 0 ]; then
    [ -n "$all_new" ] || wrong "status 0, but not all targets are new"
    case $2 in
      write | pwrite64 | ftruncate | fsync | close | rename | fchmod)
        ! concerns_target "$2" || wrong 'the failure was not noticed' ;;
    esac
  elif [ "$1" = job ]; then
    [ "$status" -eq 1 ] || wrong "status $status"
    last=$(tail -n 1 "$dir/stderr")
    case $last in
      "$tool: "*": $3") ;;
      *) wrong "the message does not say: $3" ;;
    esac
    [ "$(grep -c ": $3\$" "$dir/stderr")" -eq 1 ] || wrong 'the reason is said more than once'
  fi
}

# Does what a failed training left spoil the next one?
check_continuing() {
  if "$tools/$tool" $arguments >"$dir/stdout" 2>"$dir/stderr" </dev/null; then
    status=0
    check_targets job
    [ -n "$all_new" ] || wrong 'the next attempt does not make the new files'
    [ "$continues" != saved ] || grep -Eq 'continuing at epoch|nothing left' "$dir/stderr" ||
      wrong 'the next attempt starts from nothing'
  else
    wrong 'the next attempt fails'
  fi
}

fail_each() { # job|library KIND ERROR REASON
  step=1
  [ "$1" = job ] || step=$stride
  for number in $(numbers "$2" "$1" | awk -v step="$step" 'NR % step == 0'); do
    do_job "$2" "$number" "$3"
    grep -F '(INJECTED)' "$dir/log" >"$dir/call" || wrong "call $number of $2 did not come"
    check_run "$1" "$2" "$4"
    [ -z "$continues" ] || check_continuing
    runs=$((runs + 1))
  done
}

# A folder that holds in/, which jobs read, and old/, what the targets were before.
run_job() { # NAME TOOL ARGUMENTS; $dir/in, $dir/old, $redirected and $continues are there
  job=$1 tool=$2 arguments=$3 wrongs=0 runs=0
  : >"$dir/call"
  do_job
  mv "$dir/log" "$dir/calls"
  mv "$dir/out" "$dir/new"
  if [ "$status" -ne 0 ]; then
    wrong "it fails undisturbed, with status $status"
  else
    while read -r kind error reason; do
      fail_each job "$kind" "$error" "$reason"
      fail_each library "$kind" "$error" "$reason"
    done <<END
$kinds
END
  fi
  echo "$job: $runs calls failed, $wrongs things wrong"
  [ "$runs" -gt 0 ] && [ "$wrongs" -eq 0 ]
}

# ---- the jobs ----

mkdir "$scratch/made" || exit 1
cat >"$scratch/made/run.ini" <<END
[data]
modulus = 7
[model]
d_model = 8
n_heads = 2
d_head = 4
d_mlp = 16
[train]
epochs = 6
snapshot_every = 6
evaluate_every = 2
END
cat >"$scratch/made/figure.ini" <<END
[figure]
table = history
x = epoch
[panel loss]
[line train]
y = train_loss
label = Train
END
printf '[figure]\nwidth = 2\nresolution = 40\n[panel p]\n[line l]\nx = x\ny = y\n' >"$scratch/made/film.ini"
printf 'epoch\tx\ty\n0\t0\t1\n0\t1\t2\n10\t0\t3\n10\t1\t1\n' >"$scratch/made/points.tsv"
printf 'claim\twhere\tstatement\tpaper\ttable\tquantity\tlow\thigh\tscale\treason\n' \
  >"$scratch/made/claims.tsv"
printf 'loss\t3\tIt is low\t1e-7\tquantities\tloss\t0\t1\tany\tnone\n' >>"$scratch/made/claims.tsv"
printf 'quantity\tvalue\nloss\t0.5\n' >"$scratch/made/quantities.tsv"
"$tools/train" -o "$scratch/made" "$scratch/made/run.ini" 2>"$scratch/why" &&
  "$tools/train" -o "$scratch/made/old" "$scratch/made/run.ini" train.seed=1 2>"$scratch/why" || {
  echo 'cannot make the trajectories:'
  cat "$scratch/why"
  exit 1
}

new_job() { # NAME INPUT...: copies inputs; the targets are given by old_is
  dir=$scratch/$1 redirected= continues=
  mkdir "$dir" "$dir/in" "$dir/old"
  shift
  for input; do cp "$scratch/made/$input" "$dir/in/"; done
}

old_is() { # TARGET...
  for target; do echo 'an old file' >"$dir/old/$target"; done
}

train_job() {
  new_job train run.ini
  cp "$scratch/made/old/trajectory.safetensors" "$scratch/made/old/history.tsv" "$dir/old/"
  continues=yes
  run_job train train "-o $dir/out --restart $dir/in/run.ini"
}

# A finished run that goes on to more epochs.
longer_job() {
  new_job longer run.ini
  "$tools/train" -o "$dir/old" "$dir/in/run.ini" train.epochs=3 2>"$scratch/why"
  continues=saved # something to go on from was there before
  run_job 'train to more epochs' train "-o $dir/out $dir/in/run.ini"
}

dump_job() {
  new_job dump run.ini
  old_is config.ini
  run_job 'train --dump-config' train "--dump-config $dir/out/config.ini $dir/in/run.ini"
}

spectrum_job() {
  new_job spectrum trajectory.safetensors
  old_is spectrum.tsv neurons.tsv spectrum-quantities.tsv
  run_job checkpoint-to-spectrum checkpoint-to-spectrum \
    "-o $dir/out $dir/in/trajectory.safetensors"
}

ablate_job() {
  new_job ablate trajectory.safetensors
  old_is ablations.tsv
  run_job ablate ablate "-o $dir/out $dir/in/trajectory.safetensors"
}

measures_job() {
  new_job measures trajectory.safetensors
  old_is measures.tsv progress-quantities.tsv
  run_job progress-measures progress-measures \
    "-o $dir/out/measures.tsv --tables $dir/out $dir/in/trajectory.safetensors"
}

stdout_job() {
  new_job stdout trajectory.safetensors
  redirected=table.tsv
  run_job 'progress-measures to standard output' progress-measures \
    "$dir/in/trajectory.safetensors"
}

trace_job() {
  new_job trace trajectory.safetensors
  old_is rotation.tsv read-off.tsv
  run_job trace-algorithm trace-algorithm "-o $dir/out $dir/in/trajectory.safetensors"
}

compare_job() {
  new_job compare quantities.tsv history.tsv
  old_is runs.tsv
  run_job compare-runs compare-runs \
    "-o $dir/out/runs.tsv --tex $dir/out/runs.tex -c loss=loss $dir/in/quantities.tsv $dir/in/history.tsv"
}

verify_job() {
  new_job verify claims.tsv quantities.tsv
  old_is numbers.tex
  run_job verify verify \
    "-q -o $dir/out/claims.tsv --tex $dir/out/numbers.tex $dir/in/claims.tsv $dir/in/quantities.tsv"
}

report_job() {
  new_job report claims.tsv quantities.tsv
  redirected=report
  run_job 'verify to standard output' verify "$dir/in/claims.tsv $dir/in/quantities.tsv"
}

figure_job() { # ENDING
  new_job "$1" figure.ini history.tsv
  old_is "figure.$1"
  run_job "render-figure to $1" render-figure \
    "-o $dir/out/figure.$1 $dir/in/figure.ini $dir/in/history.tsv"
}

film_job() {
  new_job film film.ini points.tsv
  old_is film.gif
  run_job render-film render-film "-o $dir/out/film.gif $dir/in/film.ini $dir/in/points.tsv"
}

frames_job() {
  new_job frames film.ini points.tsv
  run_job 'render-film --frames' render-film "--frames $dir/out $dir/in/film.ini $dir/in/points.tsv"
}

several_job() {
  new_job several trajectory.safetensors
  old_is spectrum.tsv
  run_job 'checkpoint-to-spectrum --epochs' checkpoint-to-spectrum \
    "-o $dir/out --epochs all --only spectrum $dir/in/trajectory.safetensors"
}

# Each job in a shell of its own: it changes variables and ends with its own status. Two at a time.
in_turn() { # RESULT JOB...
  result=$1 bad=0
  shift
  for next; do ($next) || bad=1; done
  echo "$bad" >"$result"
}
in_turn "$scratch/first" train_job longer_job dump_job spectrum_job stdout_job several_job &
in_turn "$scratch/second" 'figure_job pdf' 'figure_job svg' 'figure_job png' \
  ablate_job measures_job trace_job compare_job verify_job report_job film_job frames_job
wait
[ "$(cat "$scratch/first")$(cat "$scratch/second")" = 00 ]
