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
# limit) or failed. A job that was lost with its node or to another job is submitted again. So is a training
# that was stopped, or ran into its time limit: it goes on from its last saved state. What failed, crashed or
# was cancelled is not.
set -u

note() { # STATE
  echo "$1 slurm ${SLURM_JOB_ID:--} ${SLURMD_NODENAME:--}" >"$record"
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
  case $status in
    0) note "done" ;;
    129 | 130 | 143) note stopped ;; # by SIGHUP, SIGINT or SIGTERM
    *) if [ "$stopped" ]; then note stopped; else note failed; fi ;;
  esac
  exit "$status"
fi

command -v srun >/dev/null || {
  echo 'launch: there is no srun here: LAUNCHER=slurm needs the client programs of Slurm' >&2
  exit 1
}
if [ $# -lt 2 ]; then
  echo 'usage: launch RUN_DIR PROGRAM ARGUMENT...' >&2
  exit 2
fi
run=$1 program=${2##*/} allocation=${SLURM_JOB_ID:-}
shift
record=$run/job
[ "$program" = train ] || record=$record-$program
mkdir -p "$run" || exit 1
set -- --nodes=1 --ntasks=1 --mpi=none --input=none --quit-on-interrupt --job-name="$program ${run##*/}" \
  "$0" --on-node "$record" "$@"
[ -z "$allocation" ] || set -- --exact "$@"
[ -t 2 ] || set -- --quiet "$@" # on a terminal Slurm says what it waits for

# Why the job ended, in Slurm's word, once it has.
why_it_ended() {
  while why=$(scontrol -o show job "$job" | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p') &&
    [ "$why" = COMPLETING ] && [ -z "$interrupted" ]; do
    sleep 1
  done
}

# Is it worth another job? Of an allocation that has not ended, another step.
is_lost() {
  case $why in
    NODE_FAIL | BOOT_FAIL | PREEMPTED) [ -z "$allocation" ] ;;
    RUNNING) [ "$allocation" ] ;;
    CANCELLED) false ;;
    TIMEOUT) [ "$program" = train ] && [ -z "$allocation" ] ;;
    *) [ "$program" = train ] && [ "$state" = stopped ] && [ -z "$allocation" ] ;;
  esac
}

interrupted=
trap 'interrupted=yes' HUP INT TERM # srun has it as well, and cancels the job
tries=20
while true; do
  rm -f "$record"
  (unset SLURM_JOB_ID SLURMD_NODENAME && note queued) || exit 1
  status=0
  srun_with_options "$@" || status=$?
  state=queued job=- node=-
  read -r state _ job node <"$record"
  if [ "$state" = "done" ]; then
    status=0
  elif [ "$status" -eq 0 ]; then # as that of srun is if its node fails
    status=1
  fi
  if [ "$state" = "done" ] || [ "$interrupted" ]; then
    break
  fi
  if [ "$state" = queued ]; then # it never began, and Slurm has said why
    (unset SLURM_JOB_ID SLURMD_NODENAME && note failed)
    break
  fi
  [ "$state" != failed ] || break
  why_it_ended
  [ "$why" = TIMEOUT ] || tries=$((tries - 1)) # a long training has many time limits
  [ -z "$interrupted" ] || break
  if [ "$tries" -eq 0 ] || ! is_lost; then
    echo "launch: job $job of $run on $node: ${why:-lost}" >&2
    break
  fi
  echo "launch: job $job of $run on $node was lost ($why) and is submitted again" >&2
done
if [ "$state" = "done" ] || [ "$interrupted" ]; then
  rm -f "$record"
fi
exit "$status"
