# shellcheck shell=sh
# cluster.sh: Slurm on this machine, with two nodes n1 and n2 of one core, whoever runs it: in the folder $cluster,
# with a munged, a slurmctld and slurmds of its own, on ports of its own. Nothing of the system is touched.

# Without the programs: says so, and that a test is skipped.
need_slurm() {
  for program in munged mungekey slurmctld slurmd srun scontrol squeue; do
    if ! PATH=$PATH:/usr/sbin:/sbin command -v $program >/dev/null; then
      echo "skipped: there is no $program here"
      exit 77
    fi
  done
  PATH=$PATH:/usr/sbin:/sbin
}

start_node() { # NAME
  slurmd -N "$1" -f "$SLURM_CONF" -D >"$cluster/$1.log" 2>&1 </dev/null &
}

# The end of a node, as if its plug were pulled: its slurmd, the steps' managers and all that they run.
kill_node() { # NAME
  pkill -9 -f "slurmd -N $1 -f $SLURM_CONF"
  for socket in "$cluster/spool/$1/$1"_*; do
    step=${socket##*_}
    for manager in $(pgrep -f "slurmstepd: \\[$step\\]"); do
      pkill -9 -s "$(ps -o sid= -p "$manager" | tr -d ' ')" || :
    done
  done
}

stop_cluster() {
  scancel --state=RUNNING --state=PENDING 2>/dev/null || :
  pkill -f -- "-f $SLURM_CONF" || :
  ! [ -e "$cluster/munge.pid" ] || kill "$(cat "$cluster/munge.pid")"
}

start_cluster() {
  mkdir -p "$cluster/state" "$cluster/spool"
  chmod 700 "$cluster"
  user=$(id -un)
  port=$((20000 + $$ % 20000))
  export SLURM_CONF="$cluster/slurm.conf"
  mungekey -c -k "$cluster/munge.key"
  munged --force --key-file="$cluster/munge.key" --socket="$cluster/munge" --pid-file="$cluster/munge.pid" \
    --log-file="$cluster/munge.log" --seed-file="$cluster/munge.seed"
  cat >"$SLURM_CONF" <<END
ClusterName=test
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$cluster/munge
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool/%n
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
ReturnToService=2
SlurmctldPort=$port
SlurmdTimeout=5
InactiveLimit=0
KillWait=5
MpiDefault=none
NodeName=n1 NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=1
NodeName=n2 NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=1
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
END
  slurmctld -f "$SLURM_CONF" -D >"$cluster/slurmctld.log" 2>&1 </dev/null &
  start_node n1
  start_node n2
  tries=0
  until [ "$(sinfo -h -o %t%D 2>/dev/null)" = idle2 ]; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || {
      echo 'FAILED: Slurm does not start'
      cat "$cluster"/*.log
      exit 1
    }
    sleep 0.5
  done
}
