# shellcheck shell=sh
# slurm.sh: the rest of `launch` where the launcher is Slurm. It is read by that script, which has written
# before it the function srun_with_options, and is called as
#
#   launch RUN_DIR PROGRAM ARGUMENT...
#
# The program is run as a job of Slurm, with that job's words and exit status. Inside a job of many cores, as
# in `salloc -n 64 ninja -j 64 ...`, it is a step of that job, which the scheduler has less to do with. The
# build tree must be where all nodes find it, and this file too.
#
# From when it is submitted until it has ended well, RUN_DIR/job (of other programs than train:
# RUN_DIR/job-PROGRAM) is a line "STATE slurm JOB NODE": queued, running, stopped (by a signal, as at a time
# limit) or failed. A job that was lost, with its node, to another job or at its time limit, is submitted
# again, and a training goes on from its last saved state. One that failed or was cancelled is not.
set -u

note() { # STATE
  echo "$1 slurm ${SLURM_JOB_ID:--} ${SLURMD_NODENAME:--}" >"$record.new" && mv -f "$record.new" "$record"
}

# On the node: launch --on-node RECORD PROGRAM ARGUMENT...
if [ "$1" = --on-node ]; then
  record=$2
  shift 2
  words=$# share=
  while [ "$words" -gt 0 ]; do # without --share FILE: a job has its cores to itself
    if [ "$share" ]; then
      share=
    elif [ "$1" = --share ]; then
      share=yes
    else
      set -- "$@" "$1"
    fi
    shift
    words=$((words - 1))
  done
  OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
  export OMP_NUM_THREADS
  stopped=
  trap 'stopped=yes' HUP INT TERM # the program has it as well, and saves its state
  note running
  status=0
  "$@" || status=$?
  if [ "$status" -eq 0 ]; then
    note "done"
  elif [ "$stopped" ] || [ "$status" -gt 128 ]; then
    note stopped
  else
    note failed
  fi
  exit "$status"
fi

command -v srun >/dev/null || {
  echo 'launch: there is no srun here: LAUNCHER=slurm needs the client programs of Slurm' >&2
  exit 1
}
run=$1 program=${2##*/}
shift
record=$run/job
[ "$program" = train ] || record=$record-$program
mkdir -p "$run" || exit 1
set -- --ntasks=1 --mpi=none --input=none --quit-on-interrupt --job-name="$program ${run##*/}" \
  "$0" --on-node "$record" "$@"
[ -z "${SLURM_JOB_ID:-}" ] || set -- --exact "$@"
[ -t 2 ] || set -- --quiet "$@" # on a terminal Slurm says what it waits for

interrupted=
trap 'interrupted=yes' HUP INT TERM # srun has it as well, and cancels the job
tries=100
while true; do
  (unset SLURM_JOB_ID SLURMD_NODENAME && note queued)
  status=0
  srun_with_options "$@" || status=$?
  read -r state _ job node <"$record"
  if [ "$state" = "done" ]; then
    status=0
  elif [ "$status" -eq 0 ]; then # as that of srun is if its node fails
    status=1
  fi
  if [ "$state" = "done" ] || [ "$interrupted" ]; then
    rm -f "$record"
    break
  fi
  case $state in running | stopped) ;; *) break ;; esac # it failed, or never began
  while why=$(scontrol -o show job "$job" | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p') &&
    [ "$why" = COMPLETING ]; do
    sleep 1
  done
  tries=$((tries - 1))
  if [ "$why" = CANCELLED ] || [ "$tries" -eq 0 ]; then
    echo "launch: job $job of $run on $node: $why" >&2
    break
  fi
  echo "launch: job $job of $run on $node was lost (${why:-unknown}) and is submitted again" >&2
done
exit "$status"
