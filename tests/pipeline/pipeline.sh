#!/bin/sh
# pipeline.sh SOURCE [C_COMPILER]: does the build rebuild what it must, and nothing else?
#
# A copy of the source tree, with two tiny runs added, is built, edited and built again. What Ninja
# ran is read from .ninja_log, which records every output of every successful command.
set -eu
export OMP_NUM_THREADS=1 # enough for what is this small, whatever else the machine is doing

source=$1
compiler=${2:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
tree=$work/source
build=$work/build
log=$work/log
failures=0

tiny='data.modulus=13;data.train_fraction=0.5;model.d_model=16;model.n_heads=4;model.d_head=4'
tiny="$tiny;model.d_mlp=32;train.epochs=60;train.snapshot_every=20;train.evaluate_every=20"

# ---- what is said, and what is checked ----

fail() {
  failures=$((failures + 1))
  printf 'FAILED: %s: %s\n' "$situation" "$1"
  printf '  Ninja said:\n'
  sed 's/^/    /' "$log"
}

begin() {
  situation=$1
  printf '%s\n' "- $situation"
}

# Builds the targets. Ninja's words go to the log, its exit status to $status, and the outputs of
# the commands that it ran, as paths in the build tree, to $work/ran.
ninja_runs() {
  status=0
  cp "$build/.ninja_log" "$work/log.before" 2>/dev/null || : >"$work/log.before"
  ninja -C "$build" "$@" >"$log" 2>&1 </dev/null || status=$?
  awk -F '\t' 'FILENAME == ARGV[1] { old[$0] = 1; next } !($0 in old) && $4 !~ "^/" { print $4 }' \
    "$work/log.before" "$build/.ninja_log" >"$work/ran"
}

builds() {
  ninja_runs "$@"
  [ "$status" -eq 0 ] || fail "ninja $* ended with status $status"
}

fails() {
  ninja_runs "$@"
  [ "$status" -ne 0 ] || fail "ninja $* succeeded"
}

# The results that were made are those of standard input, no more and no less.
made() {
  LC_ALL=C sort >"$work/expected"
  grep -E '^(runs/.*(tsv|safetensors)|figures/.*pdf)$' "$work/ran" | LC_ALL=C sort >"$work/found" || :
  cmp -s "$work/expected" "$work/found" ||
    fail "what was made (>) is not what was to be made (<):
$(diff "$work/expected" "$work/found" || :)"
}

made_nothing() {
  made </dev/null
}

# `ninja -n` of the targets lists the trainings of the runs of standard input, no more and no less.
plans() {
  LC_ALL=C sort >"$work/expected"
  ninja -C "$build" -n "$@" >"$log" 2>&1 || fail "ninja -n $* ended badly"
  sed -n 's/.*Training //p' "$log" | LC_ALL=C sort >"$work/found"
  cmp -s "$work/expected" "$work/found" ||
    fail "what is to be trained (>) is not what is planned (<):
$(diff "$work/expected" "$work/found" || :)"
}

plans_nothing() {
  plans "$@" </dev/null
}

# Configures the tree; what CMake says goes to the log.
configures() {
  cmake "$@" "$build" >"$log" 2>&1 || fail "cmake $*"
}

says() { # a basic regular expression
  grep -qx "$1" "$log" || fail "it did not say \"$1\""
}

# The command of README.md that starts so, up to the line that ends it: it is to work as it stands.
command_of_readme() {
  awk -v start="$1" 'index($0, start) == 1 { on = 1 } on { print } on && /\)$/ { exit }' \
    "$source/README.md" >"$work/command"
  [ -s "$work/command" ] || fail "README.md has no command \"$1\""
  cat "$work/command"
}

# The command that makes this file was run, whether or not it found anything to change.
did() {
  grep -qx "$1" "$work/ran" || fail "the command for $1 was not run"
}

is_idle() {
  ninja_runs -d explain "$@"
  grep -qx 'ninja: no work to do.' "$log" || fail 'there was work to do once more'
  ! grep -q '^ninja explain:' "$log" || fail 'Ninja has something to explain'
}

# Edits a file in place; an edit that changes nothing would make the check behind it worthless.
edit() {
  sed "$2" "$1" >"$work/edited"
  if cmp -s "$1" "$work/edited"; then
    : >"$log"
    fail "the edit \"$2\" changes nothing in $1"
  fi
  cat "$work/edited" >"$1"
}

# Puts a comment on top of a C file, so that the line numbers behind it change as well.
add_comment() {
  { echo '/* A line more. */' && cat "$1"; } >"$work/edited"
  cat "$work/edited" >"$1"
}

checksum() {
  cksum "$build/runs/mainline/trajectory.safetensors" "$build/runs/other/trajectory.safetensors"
}

# ---- the copy, with runs and figures of its own ----

mkdir "$tree"
for part in CHANGELOG.md CMakeLists.txt tools configs figures tests paper; do
  [ ! -e "$source/$part" ] || cp -R "$source/$part" "$tree/"
done
: >"$log"
situation='the copy of the source tree'
edit "$tree/configs/CMakeLists.txt" '/^run(/d'
edit "$tree/figures/CMakeLists.txt" '/^figure(/d; /^  add_dependencies(figures ${table})$/d'
edit "$tree/figures/of-a-run.cmake" '/^figure(/d'
cat >>"$tree/configs/CMakeLists.txt" <<END
run(mainline mainline.ini)
run(other mainline.ini optimizer.learning_rate=0.002)
END
cat >>"$tree/figures/CMakeLists.txt" <<END
figure(losses mainline/history)
figure(fig03-fourier-norms mainline/spectrum)
figure(fig06-ablations mainline/ablations)
figure(fig07-progress-measures mainline/progress-measures)
figure(other-losses other/history)
END
cat >"$tree/figures/losses.ini" <<END
[figure]
table = mainline/history
x = epoch
[panel losses]
y.scale = log
[line train]
y = train_loss
[line test]
y = test_loss
END
sed s,mainline/,other/, "$tree/figures/losses.ini" >"$tree/figures/other-losses.ini"

drawings='figures/losses.pdf
figures/fig03-fourier-norms.pdf
figures/fig06-ablations.pdf
figures/fig07-progress-measures.pdf
figures/other-losses.pdf'

tables_of() { # TOOL...
  for tool; do
    sed -n "s/^TABLE($tool, \"\([^\"]*\)\".*/\\1/p" "$source/tools/measures/tables.def"
  done
}

analyses=$(tables_of checkpoint_to_spectrum ablate progress_measures)
unread=$(tables_of trace_algorithm principal_components clock_or_pizza)
everything="runs/mainline/trajectory.safetensors
runs/mainline/history.tsv
$(echo "$analyses" | sed 's,^,runs/mainline/,')
runs/other/trajectory.safetensors
runs/other/history.tsv
$drawings"

# ---- the checks ----

begin 'a fresh tree: everything that figures read is made, once'
# -O1: compiling takes longer than all that is computed
cmake -G Ninja -S "$tree" -B "$build" -DCMAKE_C_COMPILER="$compiler" "-DCMAKE_C_FLAGS_RELEASE=-O1 -DNDEBUG" \
  -DOVERRIDES="$tiny" >"$log" 2>&1 || {
  fail 'cmake'
  exit 1
}
plans figures <<END
mainline
other
END
builds figures
made <<END
$everything
END
[ "$status" -eq 0 ] || exit 1
for pdf in $drawings; do
  [ "$(head -c 5 "$build/$pdf")" = %PDF- ] || fail "$pdf is no PDF"
done
grep -qx 'modulus = 13' "$build/runs/other/config.ini" || fail 'OVERRIDES did not reach other'
grep -qx 'learning_rate = 0.002' "$build/runs/other/config.ini" || fail 'other lost its setting'
[ "$(grep -c '^[0-9]* of 60 epochs ' "$log")" -eq 9 ] || fail 'the mainline alone says how far it is'
for run in mainline other; do
  tail -n 1 "$build/runs/$run/progress.log" | grep -q '^trained 60 epochs in ' ||
    fail "$run has no log of its progress"
done

begin 'nothing changed: nothing is done'
is_idle figures

# A machine that gives this process one core's time.
quota='mount -t tmpfs none /sys/fs/cgroup && cd /sys/fs/cgroup && echo 100000 100000 >cpu.max &&
  mkdir cpu && echo 100000 | tee cpu/cpu.cfs_quota_us >cpu/cpu.cfs_period_us && exec "$@"'
if unshare -rm sh -c "$quota" sh true 2>/dev/null; then
  begin 'a quota of one core: one run at once'
  unshare -rm sh -c "$quota" sh env -u OMP_NUM_THREADS cmake "$build" >"$log" 2>&1 || fail 'cmake'
  grep -hA1 '^pool training' "$build"/CMakeFiles/rules.ninja "$build/build.ninja" |
    grep -q 'depth = 1$' || fail 'more than one at once'
  is_idle figures
else
  echo '- a quota of one core: skipped, for nothing may be mounted here'
fi

begin 'another number of runs at once: nothing is made'
configures -DRUNS_AT_ONCE=3
grep -q 'depth = 3$' "$build"/CMakeFiles/rules.ninja "$build/build.ninja" || fail 'no pool of three'
is_idle figures

begin 'another launcher, with other settings: nothing is made'
configures -DLAUNCHER=slurm -DSLURM_CORES=2 -DSLURM_MEMORY=1G "-DSLURM_OPTIONS=--comment=it's;--exclusive"
is_idle figures
grep -qF "srun '--cpus-per-task=2' '--mem=1G' '--comment=it'\\''s' '--exclusive' " "$build/launch" ||
  fail 'the settings did not reach srun'
configures -DLAUNCHER=local
is_idle figures
! cmake -DLAUNCHER=lsf "$build" >"$log" 2>&1 || fail 'it took any launcher'
grep -qF 'LAUNCHER is local or slurm, not "lsf"' "$log" || fail 'another message'
configures -DLAUNCHER=local

in_git() { git -C "$tree" -c user.name=test -c user.email=test "$@" >"$log" 2>&1 || fail "git $*"; }
says_commit() { # COMMIT, or "" for none
  found=$("$build/tools/train" --version | sed -n 's/^train [0-9.]* *//p')
  [ "$found" = "${1:+(commit $1)}" ] || fail "train says the commit is \"$found\", not \"$1\""
}
begin 'a commit: programs say it, nothing is linked and nothing made'
says_commit ''
if command -v git >/dev/null; then
  in_git init
  in_git add .
  in_git commit -m first
  cmake "$build" >"$log" 2>&1 || fail 'cmake'
  builds figures
  made_nothing
  says_commit "$(git -C "$tree" rev-parse --short=12 HEAD)"
  in_git commit --allow-empty -m second
  builds figures
  made_nothing
  ! grep -qx tools/train "$work/ran" || fail 'train was linked'
  commit=$(git -C "$tree" rev-parse --short=12 HEAD)
  says_commit "$commit"
  is_idle figures
  add_comment "$tree/tools/train.c"
  builds figures
  made_nothing
  says_commit "$commit, with changes"
  rm -rf "$tree/.git"
  cmake "$build" >"$log" 2>&1 || fail 'cmake'
else
  echo '  left out: there is no git'
fi

begin 'an analysis that no figure reads is not made by figures, but by the name of its run'
[ ! -e "$build/runs/other/spectrum.tsv" ] || fail 'other was analysed'
builds other
made <<END
$(printf '%s\n' "$analyses" "$unread" | sed 's,^,runs/other/,')
END
is_idle other figures

begin 'a figure of another run: drawn when it is asked for, and it alone'
builds other-fig03-fourier-norms
made <<END
figures/other-fig03-fourier-norms.pdf
END
is_idle other-fig03-fourier-norms figures
builds mainline-other-losses
made <<END
figures/mainline-other-losses.pdf
END
for name in other-fig03-fourier-norms mainline-other-losses; do
  [ "$(head -c 5 "$build/figures/$name.pdf")" = %PDF- ] || fail "$name.pdf is no PDF"
done

begin 'a figure as SVG and as PNG: drawn when they are asked for'
builds losses.svg losses.png other-fig03-fourier-norms.svg
for file in losses.svg losses.png other-fig03-fourier-norms.svg; do
  did "figures/$file"
done
made_nothing
grep -q '<metadata>losses by .* from mainline/history: ' "$build/figures/losses.svg" ||
  fail 'losses.svg does not say what it is of'
grep -q '<metadata>other-fig03-fourier-norms by .* from other/spectrum: ' \
  "$build/figures/other-fig03-fourier-norms.svg" || fail 'the SVG does not say which run it is of'
is_idle losses.svg losses.png other-fig03-fourier-norms.svg figures

begin 'a changed figure: it alone is drawn'
echo '; a line more' >>"$tree/figures/fig03-fourier-norms.ini"
builds figures
made <<END
figures/fig03-fourier-norms.pdf
END
is_idle figures

begin 'a deleted PDF: it alone is drawn'
rm "$build/figures/fig06-ablations.pdf"
builds figures
made <<END
figures/fig06-ablations.pdf
END
is_idle figures

begin 'a comment in a configuration, and lines in another order: nothing is made'
echo '; a line more' >>"$tree/configs/mainline.ini"
edit "$tree/configs/mainline.ini" '/^beta1/{h;d;};/^beta2/{G;}'
builds figures
did runs/mainline/config.ini
made_nothing
is_idle figures

begin 'a default value left out: nothing is made'
edit "$tree/configs/mainline.ini" '/^d_model/d'
builds figures
did runs/mainline/config.ini
made_nothing

begin 'another learning rate for one run: it alone is trained'
edit "$tree/configs/CMakeLists.txt" 's/learning_rate=0.002/learning_rate=0.003/'
builds figures
did runs/other/config.ini
made <<END
runs/other/trajectory.safetensors
runs/other/history.tsv
figures/other-losses.pdf
END
is_idle figures

begin 'an override reaches the runs whose lines leave it open, and `ninja -n` says which they are'
configures -DOVERRIDES="$tiny;optimizer.learning_rate=0.004"
says 'OVERRIDES: optimizer.learning_rate=0.004 does not reach the runs whose own lines set it: digits-finite (1e-4), digits-fresh (1e-4), other (0.003)'
plans figures <<END
mainline
END
builds figures
made <<END
$(printf '%s\n' "$everything" | grep -v other)
END
grep -qx 'learning_rate = 0.004' "$build/runs/mainline/config.ini" || fail 'mainline was not reached'
grep -qx 'learning_rate = 0.003' "$build/runs/other/config.ini" || fail 'other was reached'

begin 'an override that reaches all runs: all of them are planned'
configures -DOVERRIDES="$tiny;optimizer.beta1=0.8"
! grep '^OVERRIDES: optimizer' "$log" >&2 || fail 'it spoke of runs that are not reached'
plans figures <<END
mainline
other
END

begin 'an override that says what is so anyway: planned by `ninja -n` until configurations are read'
configures -DOVERRIDES="$tiny;optimizer.learning_rate=0.004;optimizer.weight_decay=1"
plans figures <<END
mainline
other
END
builds configurations
made_nothing
plans_nothing figures
builds figures
made_nothing
is_idle figures

begin 'an override that is no setting is refused'
! cmake -DOVERRIDES='train.epochs' "$build" >"$log" 2>&1 || fail 'it was taken'
grep -qF 'OVERRIDES: expected section.key=value, found "train.epochs"' "$log" || fail 'another message'
configures -DOVERRIDES="$tiny"
builds figures

begin 'a run of its own, as README declares it'
command_of_readme 'run(heavy ' >>"$tree/configs/CMakeLists.txt"
configures -DOVERRIDES="$tiny;optimizer.weight_decay=2"
says 'OVERRIDES: optimizer.weight_decay=2 does not reach .*, heavy (4)'
configures -DOVERRIDES="$tiny"
plans heavy <<END
heavy
END
builds heavy
grep -qx 'weight_decay = 4' "$build/runs/heavy/config.ini" || fail 'it has another decay'
plans_nothing heavy figures

begin 'a comparison is made by its name, with the settings in which runs differ'
cat >>"$tree/figures/CMakeLists.txt" <<END
comparison(both SETTINGS "epochs=history:epoch@last" mainline/history other/history)
END
builds both
made <<END
runs/both.tsv
END
grep -v '^#' "$build/runs/both.tsv" | tr '\t' ' ' >"$work/found"
cat >"$work/expected" <<END
run optimizer.learning_rate epochs
mainline 0.001 60
other 0.003 60
END
cmp -s "$work/expected" "$work/found" || fail "it says: $(cat "$work/found")"
is_idle both

begin 'the other task of README'
command_of_readme 'run(subtraction ' >>"$tree/configs/CMakeLists.txt"
builds subtraction
grep -qx 'operation = subtract' "$build/runs/subtraction/config.ini" || fail 'it is the same task'

begin 'a sweep of its own, as README declares it: all its runs, two tables and a figure'
command_of_readme 'grid(decays ' >>"$tree/configs/CMakeLists.txt"
configures
decays=$(for decay in 0.3 1 3; do for seed in 0 1 2; do echo "decays-$decay-$seed"; done; done)
plans decays <<END
$decays
END
builds decays
made <<END
$(printf '%s\n' "$decays" | sed 's,.*,runs/&/trajectory.safetensors,')
$(printf '%s\n' "$decays" | sed 's,.*,runs/&/history.tsv,')
runs/decays-runs.tsv
runs/decays-over-seeds.tsv
figures/decays.pdf
END
grep -v '^#' "$build/runs/decays-runs.tsv" | cut -f 1-3 | tail -n 1 | tr '\t' ' ' >"$work/found"
echo 'decays-3-2 3 2' | cmp -s - "$work/found" || fail "the last run is $(cat "$work/found")"
grep -v '^#' "$build/runs/decays-over-seeds.tsv" | cut -f 2-4 | tr '\t' ' ' >"$work/found"
cat >"$work/expected" <<END
runs optimizer.weight_decay epochs_median
3 0.3 60
3 1 60
3 3 60
END
cmp -s "$work/expected" "$work/found" || fail "over seeds: $(cat "$work/found")"
[ "$(head -c 5 "$build/figures/decays.pdf")" = %PDF- ] || fail 'decays.pdf is no PDF'
is_idle decays
command_of_readme 'comparison(decays-losses ' >>"$tree/figures/CMakeLists.txt"
builds decays-losses
made <<END
runs/decays-losses.tsv
END

begin 'a plan of many runs is whole, though the mainline has the terminal'
configures -DOVERRIDES="$tiny;optimizer.beta1=0.8"
plans mainline figures decays <<END
mainline
other
$decays
END
configures -DOVERRIDES="$tiny"
plans_nothing figures decays

begin 'grids of two settings, of words, and of seeds alone'
cat >>"$tree/configs/CMakeLists.txt" <<END
grid(two mainline.ini "optimizer.weight_decay=0 1" "model.d_mlp=16 32" train.seed=7)
grid(words mainline.ini "model.attention=softmax uniform" "data.seed=0 1")
grid(seeded mainline.ini "data.seed=0 1")
END
builds two words seeded
for pdf in two words seeded; do
  [ "$(head -c 5 "$build/figures/$pdf.pdf")" = %PDF- ] || fail "$pdf.pdf is no PDF"
done
grep -v '^#' "$build/runs/seeded-over-seeds.tsv" | cut -f 1-3 | tr '\t' ' ' >"$work/found"
printf 'run runs epochs_median\nseeded-0,seeded-1 2 60\n' | cmp -s - "$work/found" ||
  fail "over seeds: $(cat "$work/found")"

# How many runs of the grid `plane` are trained for a target.
trained_of_plane() { # TARGET
  ninja -C "$build" -t commands "$1" | grep -c 'tools/train -o runs/plane-' || :
}
begin 'a map of many runs, as README declares it: they are trained and compared, and no more'
command_of_readme 'grid(plane ' >>"$tree/configs/CMakeLists.txt"
configures
plane=$(for fraction in 0.2 0.3 0.4; do
  for decay in 0 0.3 1 3; do echo "plane-$fraction-$decay-0 plane-$fraction-$decay-1"; done
done | tr ' ' '\n')
plans plane <<END
$plane
END
builds plane
made <<END
$(printf '%s\n' "$plane" | sed 's,.*,runs/&/trajectory.safetensors,')
$(printf '%s\n' "$plane" | sed 's,.*,runs/&/history.tsv,')
runs/plane-runs.tsv
runs/plane-over-seeds.tsv
figures/plane.pdf
END
[ "$(head -c 5 "$build/figures/plane.pdf")" = %PDF- ] || fail 'plane.pdf is no PDF'
[ "$(grep -cx 'seed = 1' "$build/runs/plane-0.4-3-1/config.ini")" -eq 2 ] || fail 'a seed is not that of both'
grep -v '^#' "$build/runs/plane-over-seeds.tsv" | cut -f 2-5 | tail -n 1 | tr '\t' ' ' >"$work/found"
echo '2 0.4 3 60' | cmp -s - "$work/found" || fail "over seeds: $(cat "$work/found")"
for target in 'experiments 24' 'all-figures 0' 'sweeps 0'; do
  [ "$(trained_of_plane "${target% *}")" -eq "${target#* }" ] ||
    fail "for ${target% *} $(trained_of_plane "${target% *}") of its runs are trained"
done
! ninja -C "$build" -t targets all | grep -E '^([^:]*/)?plane-0.2-0-0-' >&2 ||
  fail 'a run of the map has figures of its own'
[ ! -e "$build/runs/plane-0.2-0-0/spectrum.tsv" ] || fail 'a run of the map was analysed'
is_idle plane

begin 'a map over words, or over other than two settings, is refused'
cp "$tree/configs/CMakeLists.txt" "$work/configs"
echo 'grid(words-map MAP mainline.ini "model.attention=softmax uniform" "train.epochs=20 40")' \
  >>"$tree/configs/CMakeLists.txt"
! cmake "$build" >"$log" 2>&1 || fail 'it was taken'
tr -s '\n ' ' ' <"$log" | grep -qF 'grid(words-map MAP): a map is over numbers, not model.attention=softmax' ||
  fail 'another message'
cp "$work/configs" "$tree/configs/CMakeLists.txt"
echo 'grid(one MAP mainline.ini "optimizer.weight_decay=0 1" "train.seed=0 1")' >>"$tree/configs/CMakeLists.txt"
! cmake "$build" >"$log" 2>&1 || fail 'it was taken'
tr -s '\n ' ' ' <"$log" | grep -qF 'grid(one MAP): a map is over two settings besides seeds, not 1' ||
  fail 'another message'
cp "$work/configs" "$tree/configs/CMakeLists.txt"

begin 'a grid in which nothing varies is refused'
cp "$tree/configs/CMakeLists.txt" "$work/configs"
echo 'grid(none mainline.ini train.seed=1)' >>"$tree/configs/CMakeLists.txt"
! cmake "$build" >"$log" 2>&1 || fail 'it was taken'
grep -qF 'grid(none): no setting has several values' "$log" || fail 'another message'
cp "$work/configs" "$tree/configs/CMakeLists.txt"

begin 'a comment in the plotting code: nothing is made'
for file in "$tree"/tools/plot/*.c "$tree/tools/render-figure.c"; do
  add_comment "$file"
done
builds figures
did tools/render-figure.code
made_nothing
is_idle figures

begin 'other code for drawing: everything is drawn, nothing trained'
cat >>"$tree/tools/render-figure.c" <<END
__attribute__((constructor)) static void changed(void) { __asm__ volatile("nop"); }
END
builds figures
made <<END
$drawings
END
is_idle figures

begin 'a comment in the training code: nothing is made'
for file in $(find "$tree/tools/network" "$tree/tools/engine" "$tree/tools/run" -name "*.[ch]") "$tree/tools/train.c"; do
  add_comment "$file"
done
builds figures
did tools/train.code
made_nothing
is_idle figures

begin 'other code for training: everything is made anew, and is different'
checksum >"$work/before"
edit "$tree/tools/network/random.c" 's/PHILOX_ROUNDS = 10/PHILOX_ROUNDS = 9/'
builds figures
made <<END
$everything
END
checksum >"$work/after"
! cmp -s "$work/before" "$work/after" || fail 'the trajectories are the same as before'
is_idle figures

begin 'a figure that cannot be drawn: no file, and the others are not touched'
rm "$build/figures/fig07-progress-measures.pdf"
echo 'no line of a figure' >>"$tree/figures/fig07-progress-measures.ini"
fails figures
[ -z "$(find "$build/figures" -name '*fig07*' ! -type d)" ] ||
  fail "there is $(find "$build/figures" -name '*fig07*' ! -type d)"
[ -s "$build/figures/losses.pdf" ] || fail 'losses.pdf is gone'
fails figures
edit "$tree/figures/fig07-progress-measures.ini" '/no line of a figure/d'
builds figures
made <<END
figures/fig07-progress-measures.pdf
END

begin 'a training that fails: no trajectory, no history, and it is tried again'
edit "$tree/configs/CMakeLists.txt" \
  's/learning_rate=0.003/learning_rate=1e30 optimizer.weight_decay=0/'
rm "$build/runs/other/trajectory.safetensors" "$build/runs/other/history.tsv"
for attempt in first second; do
  fails figures
  grep -q '^FAILED: .*runs/other/trajectory.safetensors' "$log" ||
    fail 'it was no training that failed'
  left=$(find "$build/runs/other" -name '*trajectory*' -o -name '*history*')
  [ -z "$left" ] || fail "after the $attempt attempt there is $left"
done

begin 'a setting that is refused: no configuration to train from'
edit "$tree/configs/CMakeLists.txt" 's/learning_rate=1e30/learning_rate=-1/'
rm "$build/runs/other/config.ini"
fails figures
[ ! -e "$build/runs/other/config.ini" ] || fail 'there is a config.ini'

begin 'all figures of the project, those of sweeps and experiments too, and what is planned is what is trained'
cp "$source/configs/"*.ini "$source/configs/CMakeLists.txt" "$tree/configs/"
cp "$source/figures/"*.ini "$source/figures/"*.cmake "$source/figures/CMakeLists.txt" "$tree/figures/"
edit "$tree/configs/CMakeLists.txt" 's/^\(by_scale([a-z]*s_of_[0-9a-z_]*\) .*/\1 50 50)/
  /^grid(phase-diagram/,/)$/{s/=0.1 0.2 .*"/=0.3 0.9"/;s/=0 0.1 .*"/=0 1"/;s/epochs=5000/epochs=50/;}'
configures -DSCALE=quick -DEXPERIMENT_SEEDS=2
builds configurations
ninja -C "$build" -n all-figures sweeps experiments 2>&1 | sed -n 's/.*Training //p' | LC_ALL=C sort >"$work/planned"
builds all-figures sweeps experiments
sed -n 's,^runs/\(.*\)/trajectory.safetensors$,\1,p' "$work/ran" | LC_ALL=C sort >"$work/trained"
cmp -s "$work/planned" "$work/trained" || fail "planned and trained differ:
$(diff "$work/planned" "$work/trained" || :)"
[ "$(wc -l <"$work/trained")" -eq 135 ] || fail 'there are not 135 runs beside the mainline'
for spec in "$source"/figures/*.ini; do
  case $spec in */film-*) continue ;; esac # `ninja films` makes those
  pdf=$build/figures/$(basename "$spec" .ini).pdf
  [ "$(head -c 5 "$pdf" 2>/dev/null)" = %PDF- ] || fail "$pdf is no PDF"
done
grep -qx 'weight_decay = 3' "$build/runs/decay-3/config.ini" || fail 'decay-3 has no decay of 3'
grep -qx 'epochs = 60' "$build/runs/seed-1/config.ini" || fail 'OVERRIDES did not reach seed-1'
grep -qx 'epochs = 50' "$build/runs/decay-0.1/config.ini" || fail 'OVERRIDES changed the line of decay-0.1'
is_idle all-figures sweeps experiments

begin 'the figure that the README adds'
command_of_readme 'figure(subtraction-losses ' >>"$tree/figures/CMakeLists.txt"
awk 'inside && /^```/ { exit } inside; /^```ini/ { inside = 1 }' "$source/README.md" \
  >"$tree/figures/subtraction-losses.ini"
builds subtraction-losses
made <<END
figures/subtraction-losses.pdf
END

if [ "$failures" -ne 0 ]; then
  echo "$failures checks failed"
  exit 1
fi
echo 'all as it should be'
