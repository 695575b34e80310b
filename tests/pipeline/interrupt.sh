#!/bin/sh
# interrupt.sh TOOLS_DIR KILL_AT.so [STRIDE]: does a training give the same bytes, whatever happens to it?
#
# Runs of a tiny network are killed, interrupted, resumed, run twice at once, and given foreign resume
# states; the finished files must always equal those of an undisturbed run.
#
# A fresh run of the factored engine is killed at each of its dealings with files, a run for each. Other
# kinds are, too, or with STRIDE at every STRIDE-th alone: the test `interrupt` does so to save time,
# `interrupt_everywhere`, which is slow, does not.
set -eu
export OMP_NUM_THREADS=1 LC_ALL=C
export ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0" # for the preloaded library

tools=$(cd "$1" && pwd)
figures=$(cd "$(dirname "$0")/../../figures" && pwd)
library=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
every=${3:-1}
PATH=$tools:$PATH
memory=/dev/shm # thousands of files are synced, of which none has to outlive the machine
work=$(mktemp -d -p $memory 2>/dev/null) || work=$(mktemp -d)
background= # processes to end with this script
trap 'kill -9 $background 2>/dev/null || :; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
shim=$work/kill_at.so # LD_PRELOAD takes no path with blanks
cp "$library" "$shim"
failures=0

# ---- what is said, and what is checked ----

fail() {
  failures=$((failures + 1))
  printf 'FAILED: %s: %s\n' "$situation" "$1"
  [ ! -s err ] || sed 's/^/    /' err
}

begin() {
  situation=$1
  : >err
  printf '%s\n' "- $situation"
}

# Some line of standard error contains the words. No process is started for what is asked so often.
mentions() {
  while IFS= read -r said || [ -n "$said" ]; do
    case $said in *"$1"*) return 0 ;; esac
  done <err
  return 1
}

# Some line of standard error matches.
says() {
  grep -Eq -e "$1" err || fail "nobody said: $1"
}

# The finished files of a run are those of another, and nothing else is left lying about.
same() { # RUN REFERENCE
  cmp "$1/trajectory.safetensors" "$2/trajectory.safetensors" || fail "$1: another trajectory"
  cmp "$1/history.tsv" "$2/history.tsv" || fail "$1: another history"
  left=$(cd "$1" && echo *)
  [ "$left" = 'history.tsv resume.safetensors trajectory.safetensors' ] ||
    fail "$1: what is left is $left"
}

# The whole lines of a table, less its comments; an unfinished last line is none.
rows() { # TABLE
  while IFS= read -r row; do
    case $row in '#'*) ;; *) printf '%s\n' "$row" ;; esac
  done <"$1"
}

# The history that a run has written so far is the beginning of the reference's.
begins() { # RUN REFERENCE
  [ -e "$1/history.tsv.partial" ] || return 0
  rows "$1/history.tsv.partial" >so_far
  rows "$2/history.tsv" >all_rows
  cmp so_far all_rows >compared 2>&1 || grep -q '^cmp: EOF on so_far ' compared || fail "$1: other rows so far"
}

now() { date +%s%N; } # nanoseconds

# Runs a command that must succeed; its words are kept in err.
succeeds() {
  "$@" 2>err || fail "$* ended with status $?"
}

# Waits, for a minute at most, until a command succeeds.
wait_until() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -le 6000 ] || { fail "waited in vain: $*"; return; }
    sleep 0.01
  done
}

# Waits for the background process: its exit status, and how many milliseconds that took.
await() {
  started=$(now) status=0
  { wait $background || status=$?; } 2>/dev/null # the shell's own words about it
  waited=$((($(now) - started) / 1000000))
  background=
}

tiny='data.modulus=5 data.train_fraction=0.6 model.d_model=4 model.n_heads=1 model.d_head=4
  model.d_mlp=8 optimizer.learning_rate=0.02
  train.epochs=3 train.snapshot_every=2 train.evaluate_every=2'
small='data.modulus=13 data.train_fraction=0.5 model.d_model=16 model.n_heads=2 model.d_head=8
  model.d_mlp=32 train.epochs=250 train.snapshot_every=70 train.evaluate_every=30'

# Kills a training at one of its dealings with files: its exit status.
killed_at() { # CALL RUN ARGUMENT...
  call=$1 run=$2 status=0
  shift 2
  LD_PRELOAD=$shim KILL_AT=$call train -o "$run" "$@" 2>err || status=$?
  [ "$status" -eq 0 ] || [ "$status" -eq 137 ] ||
    fail "call $call ended with status $status, not as by SIGKILL"
}

# Trains in a fresh folder up to a certain dealing with files, where it is told to end.
stop_at_call() { # RUN CALL SETTING...
  run=$1 call=$2 status=0
  shift 2
  rm -rf "$run"
  LD_PRELOAD=$shim KILL_AT=$call KILL_SIGNAL=15 train -o "$run" --save-every 0 "$@" 2>err ||
    status=$?
  [ "$status" -eq 143 ] || fail "ended with status $status, not as by SIGTERM"
  says 'stopped by SIGTERM at epoch [0-9]+ of [0-9]+; the same command resumes from there$'
}

# ---- numbers of threads ----

begin 'one, two and four threads'
for threads in 1 2 4; do
  succeeds train -o "threads$threads" --threads $threads $small
done
same threads2 threads1
same threads4 threads1
mv threads1 small250

begin 'the textbook engine: one, two and four threads'
for threads in 1 2 4; do
  succeeds train --engine textbook -o "textbook$threads" --threads $threads $small
done
same textbook2 textbook1
same textbook4 textbook1

# ---- every moment, one after the other ----

# Ends a run at each of its dealings with files in turn, or at every so many, and soon after once more;
# continues it. No stride is a multiple of 17, which tells where it ends the second time.
at_every_call() { # BEFORE REFERENCE ARGUMENT...
  at_calls "$every" "$@"
}

# The same at each STRIDE-th call.
at_calls() { # STRIDE BEFORE REFERENCE ARGUMENT...
  stride=$1 before=$2 reference=$3 moment=0 continued=0 killed=0
  shift 3
  while :; do
    moment=$((moment + stride))
    rm -rf run
    [ -z "$before" ] || cp -R "$before" run
    killed_at $moment run "$@"
    [ "$status" -ne 0 ] || break
    killed=$((killed + 1))
    begins run "$reference"
    killed_at $((moment % 17 + 1)) run "$@"
    begins run "$reference"
    succeeds train -o run "$@"
    ! mentions 'continuing at' && ! mentions 'nothing left to train' || continued=$((continued + 1))
    ! mentions 'starting over' || fail "started over after call $moment"
    same run "$reference"
  done
  same run "$reference"
  echo "  killed $killed times, at one call in $stride, continued $continued times"
}

begin 'killed at every call: in the middle of a write, between file and rename'
succeeds train -o tiny3 $tiny
at_calls 1 '' tiny3 --save-every 0 $tiny
[ "$killed" -gt 100 ] && [ "$continued" -gt $((killed / 2)) ] || fail 'that is too seldom'

begin 'killed at every call of a finished run that goes on to more epochs'
succeeds train -o tiny7 $tiny train.epochs=7
at_every_call tiny3 tiny7 $tiny train.epochs=7
[ "$killed" -gt $((50 / every)) ] && [ "$continued" -eq "$killed" ] || fail 'that is too seldom'

begin 'killed at every call of a run that a test loss ends, which is compacted'
early="$tiny train.epochs=7 train.snapshot_every=3 train.evaluate_every=1"
early="$early train.stop_test_loss=2.06"
succeeds train -o early $early
says 'trained 2 epochs'
says 'the test loss is below train\.stop_test_loss: no further epochs'
at_every_call '' early $early
[ "$killed" -gt $((50 / every)) ] && [ "$continued" -gt $((killed / 3)) ] || fail 'that is too seldom'

begin 'the textbook engine, killed at every call'
succeeds train --engine textbook -o textbook3 $tiny
at_every_call '' textbook3 --engine textbook --save-every 0 $tiny
[ "$killed" -gt $((100 / every)) ] && [ "$continued" -gt $((killed / 2)) ] || fail 'that is too seldom'

# The same bytes on other numbers of threads, when it is killed at some calls, and with more epochs.
endures() { # SETTING...
  rm -rf kind kind_threads kind_longer
  succeeds train -o kind "$@"
  succeeds train -o kind_threads --threads 3 "$@"
  same kind_threads kind
  at_calls 13 '' kind --save-every 0 "$@"
  [ "$killed" -gt 7 ] && [ "$continued" -gt $((killed / 3)) ] || fail 'that is too seldom'
  succeeds train -o kind_longer "$@" train.epochs=9
  at_calls 23 kind kind_longer --save-every 0 "$@" train.epochs=9
  [ "$killed" -gt 3 ] && [ "$continued" -eq "$killed" ] || fail 'that is too seldom'
}

# Each of these trains in batches of 4 of 15 pairs or on all of them, and then goes on to more epochs.
for kind in train.batch_size=4 train.precision=float64 \
  'optimizer.kind=sgd optimizer.momentum=0.9 optimizer.weight_decay=0.1' \
  'optimizer.l1=0.01 model.dropout=0.2 train.batch_size=4' \
  'optimizer.kind=sgd optimizer.l1=0.01 train.batch_size=4 train.precision=float64'; do
  begin "the textbook engine with $kind: threads, kills at some calls, more epochs"
  endures $tiny $kind
done

# Other networks that the factored engine trains.
for kind in model.registers=2 'data.equals=false model.attention_rate=0.5'; do
  begin "the factored engine with $kind: threads, kills at some calls, more epochs"
  endures --engine factored $tiny $kind
done

# Sequences, fresh ones at every step or not.
sequences='model.d_model=4 model.n_heads=1 model.d_head=4 model.d_mlp=8 data.test_examples=20
  train.epochs=3 train.snapshot_every=2 train.evaluate_every=2'
for kind in 'data.task=digits data.digits=2 train.batch_size=9' \
  'data.task=digits data.digits=2 train.batch_size=9 data.examples=20 train.precision=float64' \
  'data.task=subsequence data.length=9 data.run=2 data.vocabulary=12 train.batch_size=5'; do
  begin "$kind: threads, kills at some calls, more epochs"
  endures $sequences $kind
done

begin 'a mini-batch run that a test loss ends'
batches="$early train.batch_size=4 optimizer.learning_rate=0.05"
succeeds train -o early_batches $batches train.stop_test_loss=2.2
says 'the test loss is below train\.stop_test_loss: no further epochs'
at_calls 17 '' early_batches $batches train.stop_test_loss=2.2
[ "$killed" -gt 3 ] || fail 'that is too seldom'

begin 'rows behind the saved state are cut off when the run goes on'
many="$tiny train.epochs=40 train.evaluate_every=1 train.snapshot_every=40"
succeeds train -o many $many
stop_at_call run 60 $many
saved=$(sed -n 's/.* at epoch \([0-9]*\) of .*/\1/p' err) # as many rows: the next one is its own
killed_at 30 run --save-every 1000 $many
begins run many
unsaved=$(($(wc -l <so_far) - 1 - saved))
[ "$unsaved" -gt 5 ] || fail "only $unsaved rows behind the saved state"
cut=false
for call in 1 2 3 4 5 6 7 8 9 10; do
  killed_at $call run --save-every 1000 $many
  begins run many
  [ "$(wc -l <so_far)" -ne $((saved + 1)) ] || cut=true
done
$cut || fail 'the rows were not cut off'
succeeds train -o run $many
same run many

# ---- moments of chance ----

begin 'how long a run takes'
started=$(now)
succeeds train -o rate $small train.epochs=2000
epochs=$(awk -v took=$(($(now) - started)) 'BEGIN { print int(2000 * 2e9 / took / 1000) * 1000 + 1 }')
chance="$small train.epochs=$epochs"
started=$(now)
succeeds train -o undisturbed --save-every 0.02 $chance
took=$(($(now) - started))
echo "  $epochs epochs in $((took / 1000000)) ms"

begin 'killed at 50 moments of chance, before the first save and anywhere behind it'
# The first moment of each run is as early as there is something to lose, the others are anywhere.
awk -v took=$took 'BEGIN {
  srand(1)
  for (i = 0; i < 1000; i++) print took / 1e9 * (0.05 + 0.4 * rand())
}' >delays
kills=0 unsaved=0 runs=0 line=0
rm -rf run
: >words
while [ "$kills" -lt 50 ] && [ "$line" -lt 1000 ]; do
  line=$((line + 1))
  fresh=true
  [ ! -e run ] || fresh=false
  train -o run --save-every 0.02 $chance 2>err &
  background=$!
  if $fresh; then
    wait_until test -e run/trajectory.safetensors.partial
  else
    sleep "$(sed -n "${line}p" delays)"
  fi
  kill -9 $background 2>/dev/null || :
  await
  cat err >>words
  case $status in
    137)
      kills=$((kills + 1))
      begins run undisturbed
      [ -e run/resume.safetensors ] || unsaved=$((unsaved + 1))
      ;;
    0)
      runs=$((runs + 1))
      same run undisturbed
      rm -rf run
      ;;
    *) fail "ended with status $status" ;;
  esac
done
succeeds train -o run $chance
same run undisturbed
[ "$kills" -eq 50 ] || fail "only $kills kills"
! grep -q 'starting over' words || fail "started over: $(grep 'starting over' words)"
sed -n 's/.*continuing at epoch \([0-9]*\) of .*/\1/p' words |
  awk -v epochs="$epochs" '{ third[int(3 * $1 / epochs)]++ }
    END { print third[0] + 0, third[1] + 0, third[2] + 0 }' >thirds
echo "  $unsaved kills before the first save; $((runs + 1)) runs finished; continued" \
  "in the first, second and last third of them: $(cat thirds) times"
[ "$unsaved" -gt 0 ] || fail 'no kill before the first save'
! grep -Eq '(^| )0( |$)' thirds || fail "nothing continued in one of the thirds: $(cat thirds)"

# ---- being looked at ----

begin 'a figure and the measures of a training that goes on'
train -o mainline --save-every 0.02 $chance train.epochs=$((50 * epochs)) 2>err &
background=$!
wait_until grep -qs '^300	' mainline/history.tsv.partial
render-figure -o now.pdf "$figures/fig02-grokking.ini" mainline/history.tsv.partial 2>words ||
  fail 'no figure'
grep -q 'what shows tables that are not given is left out$' words || fail 'not a word about it'
[ -s now.pdf ] || fail 'no figure'
progress-measures -o now.tsv mainline/trajectory.safetensors.partial 2>words || fail 'no measures'
sed 's/^/    /' words | head -n 1
grep -q 'mainline/trajectory.safetensors.partial: the training has not finished: ' words ||
  fail 'not a word about it'
kill -0 $background || fail 'the training has ended'
measured=$(rows now.tsv | wc -l)
[ "$measured" -gt 4 ] || fail 'there is no snapshot of epoch 210'
kill -TERM $background
await
# what was measured on the way is what is measured of the whole
succeeds train -o measured $chance
progress-measures -o whole.tsv measured/trajectory.safetensors 2>words
squares='{ print $1, $2, $13 }' # what does not depend on the key frequencies of the last snapshot
rows now.tsv | head -n 5 | awk "$squares" >on_the_way
rows whole.tsv | head -n 5 | awk "$squares" | cmp - on_the_way || fail 'other measures'

# ---- being told to end ----

# Starts a run in the background and waits until it has saved something.
start() { # COMMAND...
  rm -rf run
  "$@" -o run --save-every 0.02 $chance 2>err &
  background=$!
  wait_until test -e run/resume.safetensors
}

for signal in INT:130 TERM:143 HUP:129; do
  begin "told to end by SIG${signal%:*}"
  start env --default-signal=INT train
  kill -"${signal%:*}" $background
  await
  [ "$status" -eq "${signal#*:}" ] || fail "ended with status $status"
  [ "$waited" -lt 2000 ] || fail "took $waited ms to end"
  says "stopped by SIG${signal%:*} at epoch [0-9]+ of $epochs; the same command resumes from there\$"
  epoch=$(sed -n 's/.* at epoch \([0-9]*\) of .*/\1/p' err)
  [ ! -e run/trajectory.safetensors ] && [ ! -e run/history.tsv ] || fail 'it looks finished'
  begins run undisturbed
  [ ! -e run/train.lock ] || fail 'the lock is left'
  succeeds train -o run $chance
  says "continuing at epoch $epoch of $epochs\$"
  says "trained $((epochs - epoch)) epochs, $epochs in all, in "
  same run undisturbed
done

begin 'a hang-up that was to be ignored is ignored'
(
  trap '' HUP
  exec train -o run --save-every 0.02 $chance train.epochs=$((10 * epochs)) 2>err
) &
background=$!
wait_until test -e run/trajectory.safetensors.partial
kill -HUP $background
sleep 0.3
kill -TERM $background
await
[ "$status" -eq 143 ] || fail "ended with status $status, not as by SIGTERM"

begin 'told to end at any call'
for call in 1 2 3 5 20 40 60 80 100; do
  stop_at_call run $call $tiny train.epochs=40
  succeeds train -o run $tiny train.epochs=40
  [ -d tiny40 ] || succeeds train -o tiny40 $tiny train.epochs=40
  same run tiny40
done

# ---- two at once ----

begin 'three trainings of one run at once, the first of which is killed'
start train
first=$background
train -o run $chance 2>err2 &
second=$!
train -o run $chance 2>err3 &
third=$!
background="$first $second $third"
for words in err2 err3; do
  wait_until grep -qs 'another train is running there; waiting for it to end' $words
done
kill -9 $first
{ wait $first || :; } 2>/dev/null
for background in $second $third; do
  await
  [ "$status" -eq 0 ] || fail "ended with status $status"
done
cat err2 err3 >err
says 'continuing at epoch [0-9]+ of '
says 'nothing left to train after [0-9]+ epochs'
! grep -q 'starting over' err || fail 'one started over'
same run undisturbed

# ---- several that share the cores ----

# As if there were four cores; where there are not, threads that wait should not be in the way.
shares() { # RUN SETTING...
  run=$1
  shift
  OMP_NUM_THREADS=4 exec train -o "$run" --share cores \
    --progress "$run.log" "$@"
}

begin 'three trainings at once that share the cores'
background=
for run in share1 share2 share3; do
  (shares $run $small train.epochs=2000) 2>$run.err &
  background="$background $!"
done
all=$background
for background in $all; do
  await
  [ "$status" -eq 0 ] || fail "ended with status $status"
done
for run in share1 share2 share3; do
  same $run rate
done

begin 'one joins, and is killed: threads are given up, and taken again'
has_now() { # THREADS
  tail -n 1 share4.log | grep -q " threads $1 "
}
# On more threads than there are cores an epoch may take ten times as long. So the first run has epochs for
# longer than all this takes, and is told to end when it has its threads again.
(shares share4 $chance train.epochs=$((8 * epochs))) 2>err &
first=$!
background=$first
wait_until grep -qs 'threads 4 ' share4.log
(shares share5 $chance train.epochs=$((50 * epochs))) 2>share5.err &
second=$!
background="$first $second"
wait_until has_now 2
kill -9 $second
{ wait $second || :; } 2>/dev/null
background=$first
wait_until has_now 4
kill -TERM $first 2>/dev/null || : # the run may have ended
await
[ "$status" -eq 143 ] || fail "ended with status $status, not as by SIGTERM"
epoch=$(sed -n 's/.* at epoch \([0-9]*\) of .*/\1/p' err)
succeeds train -o share4 $chance train.epochs="$epoch"
says "nothing left to train after $epoch epochs"
succeeds train -o long $chance train.epochs="$epoch"
same share4 long

# ---- more and fewer epochs ----

begin 'more epochs than the finished run had'
succeeds train -o run $chance
succeeds train -o small100 $small train.epochs=100
cp -R small100 run100
succeeds train -o run100 $small
says 'continuing at epoch 100 of 250$'
same run100 small250

# The command must fail with one message and leave the folder of the run as it is.
refuses() { # RUN PATTERN COMMAND...
  run=$1 pattern=$2 status=0
  shift 2
  rm -rf before
  cp -R "$run" before
  "$@" 2>err || status=$?
  [ "$status" -eq 1 ] || fail "ended with status $status"
  [ "$(wc -l <err)" -eq 1 ] || fail 'that is not one message'
  says "^train: $pattern; --restart starts over and replaces what is there\$"
  diff -r before "$run" >/dev/null || fail 'the files are not what they were'
}

begin 'a learning rate that falls to 0 at the last epoch: another number of epochs is another run'
falling="$tiny optimizer.schedule=cosine"
succeeds train -o falling $falling
succeeds train -o falling9 $falling train.epochs=9
refuses falling 'falling/resume\.safetensors: belongs to a run with train\.epochs = 3, this run has 9' \
  train -o falling $falling train.epochs=9
succeeds train -o falling --restart $falling train.epochs=9
same falling falling9
stop_at_call falling 60 $falling train.epochs=40
succeeds train -o falling $falling train.epochs=40
says 'continuing at epoch [1-9][0-9]* of 40$'
succeeds train -o falling40 $falling train.epochs=40
same falling falling40

begin 'from a checkpoint: killed at some calls, and with other weights under its name'
for engine in factored textbook; do
  cp small100/resume.safetensors start.safetensors
  warm="$small train.epochs=30 data.operation=subtract data.seed=4 train.from=start.safetensors"
  warm="--engine $engine $warm"
  rm -rf warm anew
  succeeds train -o warm $warm
  at_calls 29 '' warm --save-every 0 $warm
  [ "$killed" -gt 3 ] && [ "$continued" -gt 1 ] || fail 'that is too seldom'
  stop_at_call run 80 $warm
  cp small250/resume.safetensors start.safetensors
  from='belongs to a run that started from other weights: train\.start = [0-9a-f]{32}, those of'
  from="$from start\.safetensors have [0-9a-f]{32}"
  refuses run "run/resume\.safetensors: $from" train -o run $warm
  cp -R warm finished
  rm finished/resume.safetensors
  refuses finished "finished/trajectory\.safetensors: $from" train -o finished $warm
  rm -rf finished
  succeeds train -o anew $warm
  ! cmp -s anew/trajectory.safetensors warm/trajectory.safetensors || fail 'the same weights'
  succeeds train -o run --restart $warm
  same run anew
done

begin 'fewer epochs than the finished run had'
beyond='run100/resume\.safetensors: is at epoch 250, beyond the last one, train\.epochs = 100'
refuses run100 "$beyond" train -o run100 $small train.epochs=100
succeeds train -o run100 --restart $small train.epochs=100
says "$beyond; starting over\$"
same run100 small100

begin 'more epochs, and fewer, than an interrupted run was to have'
stop_at_call half 100 $small
for total in 100 250 400; do
  rm -rf run
  cp -R half run
  [ -d "small$total" ] || succeeds train -o "small$total" $small train.epochs=$total
  succeeds train -o run $small train.epochs=$total
  says 'continuing at epoch [1-9][0-9]* of '
  same run "small$total"
done

begin 'a finished run: nothing to train, and what was lost or spoilt of the files is made again'
echo spoilt >run/history.tsv
succeeds train -o run $small train.epochs=400
says 'nothing left to train after 400 epochs'
same run small400
rm run/history.tsv
succeeds train -o run $small train.epochs=400
says 'nothing left to train after 400 epochs'
same run small400

begin 'a run that ended early: again, with more epochs, and with another test loss to end it'
cp -R early early2
succeeds train -o early2 $early
says 'nothing left to train after 2 epochs'
same early2 early
succeeds train -o early9 $early train.epochs=9
succeeds train -o early2 $early train.epochs=9
says 'nothing left to train after 2 epochs'
same early2 early9
succeeds train -o early_lower $early train.stop_test_loss=2.05
succeeds train -o early2 $early train.stop_test_loss=2.05
says 'continuing at epoch 2 of 7$'
same early2 early_lower
beyond='is at epoch 3, beyond epoch 2, where a test loss below train\.stop_test_loss ends this run'
refuses early2 "early2/resume\.safetensors: $beyond" train -o early2 $early
succeeds train -o early2 --restart $early
says "$beyond; starting over\$"
same early2 early

# ---- states that are not this run's ----

# Starts the interrupted run over after something was done to it.
not_used() { # PATTERN REFERENCE COMMAND...
  pattern=$1 reference=$2
  shift 2
  succeeds "$@"
  says "^train: run/resume\\.safetensors: $pattern.*; starting over\$"
  same run "$reference"
  rm -rf run
  cp -R half run
}
rm -rf run
cp -R half run

# The same, where what is there is work that is not given up unasked.
given_up() { # PATTERN REFERENCE COMMAND...
  of_state="run/resume\\.safetensors: $1"
  refuses run "$of_state" "$3" -o run $4
  not_used "$1" "$2" "$3" -o run --restart $4
}

begin 'the state of another configuration'
succeeds train -o rate002 $small optimizer.learning_rate=0.002
given_up 'belongs to a run with optimizer\.learning_rate = 0\.001, this run has 0\.002' rate002 \
  train "$small optimizer.learning_rate=0.002"
succeeds train -o size7 $small data.modulus=7
given_up 'belongs to a run with data\.modulus = 13, this run has 7' size7 train "$small data.modulus=7"
# of several differences the first in the order of the settings
refuses run 'run/resume\.safetensors: belongs to a run with data\.seed = 0, this run has 1' \
  train -o run $small train.seed=1 optimizer.beta1=0.8 data.seed=1

begin 'the state of another engine, and a finished run of another'
given_up 'was trained by the engine "factored", this run.s is "textbook, OpenBLAS .*"' textbook1 \
  train "--engine textbook $small"
cp -R textbook1 others
refuses others 'others/resume\.safetensors: was trained by the engine "textbook, .*", this run.s is .*' \
  train -o others $small
rm others/resume.safetensors
refuses others \
  'others/trajectory\.safetensors: was trained by the engine "textbook, .*", this run.s is .*' \
  train -o others $small

begin 'a finished run without its state'
cp -R small250 finished
rm finished/resume.safetensors
refuses finished 'finished/trajectory\.safetensors: belongs to a finished run with these settings' \
  train -o finished $small
refuses finished \
  'finished/trajectory\.safetensors: belongs to a run with train\.epochs = 250, this run has 100' \
  train -o finished $small train.epochs=100
succeeds train -o finished --restart $small train.epochs=100
same finished small100

begin 'a finished run with a damaged state'
cp -R small250 spoilt
truncate -s 1000 spoilt/resume.safetensors
refuses spoilt 'spoilt/resume\.safetensors: .*' train -o spoilt $small
succeeds train -o spoilt --restart $small
says 'starting over$'
same spoilt small250

begin 'a damaged state'
size=$(wc -c <run/resume.safetensors)
for offset in 3 20 $((size / 4)) $((size / 2)) $((size - 1)); do
  byte=$(od -An -tu1 -j "$offset" -N 1 run/resume.safetensors)
  printf "\\$(printf %o $(((byte + 1) % 256)))" |
    dd of=run/resume.safetensors bs=1 seek="$offset" conv=notrunc 2>/dev/null
  not_used '' small250 train -o run $small
done

begin 'a state that was cut off'
for size in 0 7 100 $((size - 1)); do
  truncate -s "$size" run/resume.safetensors
  not_used '' small250 train -o run $small
done

begin 'the state of another build, and of the same one elsewhere'
# another message is other code; the place, the name, the time and the symbols are not
sed 's/the same command resumes from there/the same command resumes from THERE/' "$tools/train" >other
strip -o stripped "$tools/train"
chmod +x other stripped
given_up 'was saved by another build of this program' small250 ./other "$small"
./stripped -o run $small 2>err || fail "ended with status $?"
says 'continuing at epoch'
same run small250
rm -rf run
cp -R half run

begin 'snapshots that are gone or are others'
rm run/trajectory.safetensors.partial
not_used 'the snapshots up to that epoch are gone: .*No such file or directory' small250 \
  train -o run $small
header=$(od -An -tu8 -N 8 run/trajectory.safetensors.partial) # snapshot 0 is the first behind it
printf '\377' |
  dd of=run/trajectory.safetensors.partial bs=1 seek=$((header + 15)) conv=notrunc 2>/dev/null
cp run/trajectory.safetensors.partial run/trajectory.safetensors
given_up 'the snapshots up to that epoch are gone: .*snapshot 0 differs from the one that was saved' small250 \
  train "$small"

# ---- what else happens ----

begin 'a file system that is full: what was saved stays, and the same command continues'
full="$small train.epochs=2000 train.snapshot_every=2000 train.evaluate_every=1"
succeeds train -o full $full
rm -rf run
status=0
(
  trap '' XFSZ
  ulimit -f 128 # of 512 bytes
  exec train -o run --save-every 0 $full
) 2>err || status=$?
[ "$status" -eq 1 ] || fail "ended with status $status"
says '^train: run/resume\.safetensors\.new: cannot .*File too large$'
left=$(cd run && echo *)
[ "$left" = 'history.tsv.partial resume.safetensors trajectory.safetensors.partial' ] ||
  fail "there is $left"
succeeds train -o run $full
says 'continuing at epoch [1-9][0-9]* of 2000$'
same run full

begin 'the state is a checkpoint that the analysis tools read'
succeeds progress-measures -o measures.tsv half/resume.safetensors
epoch=$(awk '!/^#/ { row++ } row == 2 { print $1; exit }' measures.tsv)
[ "$epoch" -gt 0 ] || fail "it is of epoch $epoch"

begin 'by way of Ninja: killed, continued, finished, and longer'
rm -rf run
cat >build.ninja <<END
rule train
  command = echo \$\$\$\$ >pid && exec train -o run --save-every 0.02 run.ini
  pool = console
build run/trajectory.safetensors run/history.tsv: train run.ini
END
train --dump-config run.ini $chance
ninja >err 2>&1 &
background=$!
wait_until test -e run/resume.safetensors
kill -9 "$(cat pid)"
await
[ "$status" -ne 0 ] || fail 'Ninja succeeded'
succeeds ninja >out
grep -q 'continuing at epoch' out err || fail 'nothing was continued'
same run undisturbed
[ "$(ninja)" = 'ninja: no work to do.' ] || fail 'there was work to do once more'

longer="$chance train.epochs=$(($(sed -n 's/^epochs = //p' run.ini) * 2))"
sleep 0.01
train --dump-config run.ini $longer
rm -f pid
env --default-signal=INT ninja >err 2>&1 &
background=$!
wait_until test -s pid
wait_until test -e run/trajectory.safetensors.partial
kill -INT "$(cat pid)" $background # as a terminal does
await
[ "$status" -ne 0 ] || fail 'Ninja succeeded'
cmp run/trajectory.safetensors undisturbed/trajectory.safetensors || fail 'the old files are gone'
succeeds ninja >out
grep -q 'continuing at epoch' out err || fail 'nothing was continued'
succeeds train -o longer $longer
same run longer
[ "$(ninja)" = 'ninja: no work to do.' ] || fail 'there was work to do once more'

if [ "$failures" -ne 0 ]; then
  echo "$failures checks failed"
  exit 1
fi
echo 'all as it should be'
