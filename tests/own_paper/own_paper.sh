#!/bin/bash
# own_paper.sh SOURCE BUILD C_COMPILER [sources]: README's "Write your own paper", word for word, against an
# installed copy of BUILD; then what else it says there, or the same with the sources, which it builds.
set -euo pipefail

source=$1 build=$2 compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
export HOME=$work/home OMP_NUM_THREADS=1
log=$work/log

fail() {
  echo "FAILED: $1"
  [ ! -e "$log" ] || sed 's/^/    /' "$log"
  exit 1
}
builds() { ninja -C build "$@" >"$log" 2>&1 </dev/null || fail "ninja $*"; }
configures() { cmake "$@" >"$log" 2>&1 || fail "cmake $*"; }
is_idle() {
  builds "$@"
  grep -qx 'ninja: no work to do.' "$log" || fail "there was work to do once more: $*"
}
is_pdf() { [ "$(head -c 5 "$1")" = %PDF- ] || fail "$1 is no PDF"; }

# The code blocks of a section of README: the file block-N for the Nth, without its fences.
awk -v folder="$work" '/^\*\*Write your own paper/ { on = 1 } /^\*\*Watch it train/ { on = 0 }
  on && /^```/ { inside = !inside; if (inside) n++; next }
  on && inside { print > (folder "/block-" n) }' "$source/README.md"
awk '/^```/ { inside = 0 } inside; /figures\/subtraction-losses.ini`:$/ { found = 1 }
  found && /^```ini/ { inside = 1; found = 0 }' "$source/README.md" >"$work/specification"
[ -s "$work/block-4" ] && [ ! -e "$work/block-5" ] || fail 'README has other blocks'
[ -s "$work/specification" ] || fail 'README has no specification'

echo '- as README says'
mkdir "$work/home" "$work/a place"
cd "$work/a place"
sed "s,build/paper,'$build'," "$work/block-1" >"$work/commands"
bash -e "$work/commands" >"$log" 2>&1 || fail 'the first commands'
cd xor
cp "$work/block-2" xor.ini
cp "$work/specification" xor-losses.ini
cp "$work/block-3" CMakeLists.txt
[ "$(grep -c . CMakeLists.txt)" -le 10 ] || fail 'it takes more than ten lines'
bash -e "$work/block-4" >"$log" 2>&1 || fail 'the last commands'
grep -q '^1 of 1 claims hold' "$log" || fail 'the claim was not judged'
is_pdf build/figures/xor-losses.pdf
is_idle figures

if [ "${4:-}" = sources ]; then
  echo '- with the sources instead'
  cp build/runs/xor/history.tsv "$work/history.tsv"
  rm -rf build
  sed "s,^project.*,project(xor C),; s,^find_package.*,add_subdirectory(\"$source\" grokking)," "$work/block-3" \
    >CMakeLists.txt
  configures -G Ninja -B build -DCMAKE_C_COMPILER="$compiler"
  builds figures verify
  grep -q '^1 of 1 claims hold' "$log" || fail 'the claim was not judged'
  is_pdf build/figures/xor-losses.pdf
  cmp build/runs/xor/history.tsv "$work/history.tsv" || fail 'the losses are others'
  is_idle figures
  echo 'all as it should be'
  exit
fi

echo '- a claim that does not hold is an error'
sed -i 's/0.01$/0/' claims.tsv
! ninja -C build verify >"$log" 2>&1 || fail 'it was none'
grep -q '^fails ' "$log" || fail 'it has no verdict'
sed -i 's/\t0$/\t0.01/' claims.tsv
builds verify

echo '- installed once more, or elsewhere: nothing is made again'
cmake --install "$build" --prefix "$HOME/.local" >"$log" || fail 'to install'
builds figures
! grep -q 'Training\|Drawing' "$log" || fail 'something was made'
mv "$HOME/.local" "$HOME/moved"
configures -B build "-DCMAKE_PREFIX_PATH=$HOME/moved" -Dgrokking_DIR=
builds figures
! grep -q 'Training\|Drawing' "$log" || fail 'something was made'

echo '- all kinds of declarations; files of the paper'
tiny='data.modulus=13 data.train_fraction=0.5 model.d_model=16 model.d_head=4 model.d_mlp=32 train.epochs=60'
tiny="$tiny train.snapshot_every=20 train.evaluate_every=20"
cat >>CMakeLists.txt <<END
run(sum mainline.ini $tiny)
sweep(difference IN others mainline.ini $tiny data.operation=subtract READS spectrum)
grid(decays mainline.ini $tiny "optimizer.weight_decay=0 1" "train.seed=0 1")
grid(plane MAP mainline.ini $tiny "optimizer.weight_decay=0 1" "data.train_fraction=0.5 0.6")
comparison(both SETTINGS "loss=history:test_loss@last" sum/history difference/history)
figure(sum-spectrum SPEC fig03-fourier-norms.ini sum/spectrum)
film(film-of-sum sum SPEC film-training.ini spectrum activations:a,b,attention_0,neuron_0 logit-spectrum)
END
builds sum sweep-others decays plane both figures films sum-fig03-fourier-norms \
  difference-fig07-progress-measures.svg
for figure in sum-spectrum sum-fig03-fourier-norms decays plane; do
  is_pdf build/figures/$figure.pdf
done
[ -s build/figures/film-of-sum.gif ] || fail 'there is no film'
[ -s build/figures/difference-fig07-progress-measures.svg ] || fail 'there is no SVG'
[ "$(grep -vc '^#' build/runs/both.tsv)" -eq 3 ] || fail 'two runs were not compared'
is_idle sum sweep-others decays plane both figures films
configures -B build '-DOVERRIDES=optimizer.beta1=0.8'
builds configurations
grep -qx 'beta1 = 0.8' build/runs/sum/config.ini || fail 'OVERRIDES did not reach sum'

echo '- what is wrong is said'
cp CMakeLists.txt "$work/declared"
printf 'claim\tquantity\nit\ttest_loss@last\n' >claims.tsv
! cmake -B build >"$log" 2>&1 || fail 'claims without a column table were taken'
tr -s '\n ' ' ' <"$log" | grep -q 'has no column named table' || fail 'another message'
! cmake -G 'Unix Makefiles' -B made -DCMAKE_PREFIX_PATH="$HOME/moved" >"$log" 2>&1 || fail 'make was taken'
tr -s '\n ' ' ' <"$log" | grep -q 'its functions need Ninja' || fail 'another message'

echo 'all as it should be'
