#!/bin/sh
# leaks.sh TOOLS_DIR SUPPRESSIONS: small succeeding and failing jobs of each tool under valgrind: no
# leaks and no invalid memory accesses.
#
# Prints one line per job. Exit status: 0 if valgrind reports nothing, 1 otherwise, 77 if it is not
# installed.

set -u
tools=$(cd "$1" && pwd) || exit 1
suppressions=$2
command -v valgrind >/dev/null || { echo 'skipped: valgrind is not installed'; exit 77; }

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
cd "$scratch" || exit 1
OMP_NUM_THREADS=2 LC_ALL=C # so that there are some threads
export OMP_NUM_THREADS LC_ALL
bad=0
leak_check=full

runs() { # STATUS TOOL ARGUMENT...: it must end with that status
  expected=$1
  shift
  valgrind -q --error-exitcode=99 --leak-check="$leak_check" \
    --errors-for-leak-kinds=definite,possible --suppressions="$suppressions" \
    "$tools/$@" >stdout 2>stderr </dev/null
  status=$?
  if [ "$status" -eq "$expected" ]; then
    echo "ok    $*"
  else
    echo "WRONG $*: status $status, expected $expected"
    sed 's/^/      /' stderr
    bad=1
  fi
}

cat >tiny.ini <<END
[data]
modulus = 7
[model]
d_model = 8
n_heads = 2
d_head = 4
d_mlp = 16
[train]
epochs = 6
snapshot_every = 3
END
cat >line.ini <<END
[figure]
table = history
x = epoch
[panel loss]
[line train]
y = train_loss
label = Train
END
cat >map.ini <<END
[panel map]
[map neuron]
table = activations
x = a
y = b
value = neuron_0
colors = values
[colors values]
END
printf 'claim\twhere\tstatement\tpaper\ttable\tquantity\tlow\thigh\tscale\treason\n' >claims.tsv
printf 'keys\t3\tSome\t5\tspectrum-quantities\tkey_frequencies\t7\t8\tany\tnone\n' >>claims.tsv
printf 'rank\t3\tSome\t-\tmeasures\trank@epoch~test_loss\t-inf\tinf\tany\tnone\n' >>claims.tsv
printf 'run\tclaim\tscale\treason\nspectrum-quantities\tkeys\tpaper\tit is tiny\n' >known.tsv
echo 'no key' | cat map.ini - >broken.ini

runs 0 train -o run tiny.ini
runs 0 train -o run tiny.ini train.epochs=9
runs 1 train -o run tiny.ini train.epochs=none
runs 0 checkpoint-to-spectrum -o out run/trajectory.safetensors
runs 0 ablate -o out run/trajectory.safetensors
runs 0 progress-measures -o out/measures.tsv --tables out run/trajectory.safetensors
runs 0 progress-measures run/trajectory.safetensors
runs 0 trace-algorithm -o out run/trajectory.safetensors
runs 0 train -o product tiny.ini data.operation=multiply
runs 0 discrete-logarithms -o out product/trajectory.safetensors
runs 1 discrete-logarithms -o out run/trajectory.safetensors
runs 0 principal-components -o out run/trajectory.safetensors
runs 0 clock-or-pizza -o out run/trajectory.safetensors
runs 0 compare-runs -o out/runs.tsv --tex out/runs.tex --columns \
  'data.seed keys=key-frequencies:frequency at=measures:epoch@test_loss<9' out/spectrum-quantities.tsv \
  out/key-frequencies.tsv out/measures.tsv
runs 0 compare-runs -o out/rows.tsv --rows key-frequencies --columns \
  'key-frequencies:neurons a=measures:crossings@test_loss>1 b=measures:most@test_loss' out/key-frequencies.tsv \
  out/measures.tsv
runs 1 compare-runs -c a=measures:rank@epoch~none out/measures.tsv
runs 1 compare-runs -c nothing out/spectrum-quantities.tsv
runs 2 compare-runs -c 'at=measures:epoch@test_loss<nine' out/measures.tsv
runs 0 verify -q -o out/claims.tsv --tex out/numbers.tex claims.tsv out/spectrum-quantities.tsv
runs 1 verify claims.tsv out/spectrum-quantities.tsv
runs 0 verify --known known.tsv --measured claims.tsv out/spectrum-quantities.tsv
runs 1 verify --known out/measures.tsv claims.tsv out/spectrum-quantities.tsv out/measures.tsv
sed '1s/"train_mask"/"xrain_mask"/; 1s/"data\./"xata./g' run/trajectory.safetensors >foreign
runs 0 ablate -o out foreign data.seed=1 data.train_fraction=0.3
printf 'PK\003\004' >archive
runs 1 ablate -o out archive
head -c -100 run/trajectory.safetensors >cut
for tool in checkpoint-to-spectrum ablate progress-measures trace-algorithm discrete-logarithms principal-components \
  clock-or-pizza; do
  runs 1 "$tool" -o out cut
  runs 1 "$tool" -o out run/trajectory.safetensors data.modulus=11
done
cat >text.ini <<END
[panel text]
table = spectrum
[text peaks]
x = frequency
y = W_E_cos
label = <b>{}</b>
value = frequency
END
for ending in pdf svg png; do
  runs 0 render-figure -o "out/text.$ending" text.ini out/spectrum.tsv
  runs 0 render-figure -o "out/line.$ending" line.ini run/history.tsv
  runs 0 render-figure -o "out/map.$ending" map.ini out/activations.tsv
done
runs 1 render-figure -o out/map.pdf broken.ini out/activations.tsv
runs 0 checkpoint-to-spectrum -o several --epochs 0,6 --only 'spectrum activations:a,b,neuron_0' \
  --at-most 2 --history run/history.tsv run/trajectory.safetensors
runs 1 checkpoint-to-spectrum -o several --epochs all --only 'spectrum:none' run/trajectory.safetensors
runs 0 render-film -o out/map.gif --frames out/frames map.ini several/activations.tsv
runs 1 render-film -o out/missing/map.gif map.ini several/activations.tsv
# Pango looks for fonts in a thread of its own. A job that fails right after it was given a font may
# end before that thread does, and what the thread holds counts as lost.
leak_check=no
runs 1 render-figure -o out/line.pdf line.ini out/activations.tsv
runs 1 render-film -o out/map.gif map.ini out/activations.tsv
exit "$bad"
