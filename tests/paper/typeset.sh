#!/bin/sh
# typeset.sh SOURCE BUILD: does the paper's text follow the measurements? It is typeset from a tiny network,
# which has not grokked and of which there are no figures, and again after its tables were changed.
set -eu
export LC_ALL=C OMP_NUM_THREADS=2

source=$1 build=$2 tools=$2/tools
for program in pdflatex bibtex pdftotext; do
  command -v $program >/dev/null || {
    echo "skipped: there is no $program here"
    exit 77
  }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
status=0

run=$work/runs/mainline
mkdir -p "$work/runs" "$work/paper"
ln -s "$tools" "$work/tools"
cp "$build/paper/original.tex" "$work/paper"
{
  mkdir "$run"
  "$tools/train" --dump-config "$run/config.ini" data.modulus=7 model.d_model=8 model.n_heads=2 \
    model.d_head=4 model.d_mlp=16 train.epochs=20 train.snapshot_every=10
  "$tools/train" -o "$run" --progress "$run.log" "$run/config.ini"
  "$tools/checkpoint-to-spectrum" -o "$run" "$run/trajectory.safetensors"
  "$tools/ablate" -o "$run" "$run/trajectory.safetensors"
  "$tools/progress-measures" -o "$run/progress-measures.tsv" --tables "$run" "$run/trajectory.safetensors"
  "$tools/principal-components" -o "$run" "$run/trajectory.safetensors"
  "$tools/clock-or-pizza" -o "$run" "$run/trajectory.safetensors"
  "$tools/train" -o "$work/product" "$run/config.ini" data.operation=multiply
  "$tools/discrete-logarithms" -o "$run" "$work/product/trajectory.safetensors"
  mv "$run.log" "$run/progress.log"
} >"$work/log" 2>&1 || {
  cat "$work/log"
  exit 1
}

# The tables of the paper, as they are declared, of this run alone: have they the columns of the paper's
# headings?
tables='seeds train-fractions settings table1 table2 table3 table4 table5'
for table in $tables; do
  ninja -C "$build" -t commands "$table" | tail -n 1 | sed 's,^cd [^&]* && ,,' |
    sed 's, runs/[^ ]*/\([^ ]*\.\(tsv\|ini\)\), runs/mainline/\1,g' >"$work/command"
  (cd "$work" && sh ./command >"$work/log" 2>&1) || {
    cat "$work/log"
    exit 1
  }
  columns=$(grep -v '^#' "$work/runs/$table.tsv" | head -n 1 | tr '\t' '\n' | wc -l)
  heading=$(sed -n "/tableof{$table}/,/midrule/p" "$source/paper/paper.tex" | grep '^run ' | tr -cd '&' | wc -c)
  [ "$columns" -eq $((heading + 1)) ] || {
    status=1
    echo "FAILED: $table has $columns columns, and its heading in the paper $((heading + 1))"
  }
done

# All on one page, so that no sentence is broken by a table or by the number of a page.
mkdir "$work/texts"
cp "$source/paper/"*.tex "$source/paper/refs.bib" "$work/texts"
sed 's/^\\usepackage\[margin=25mm\]/\\usepackage[margin=25mm,paperheight=5000mm]/' "$source/paper/paper.tex" \
  >"$work/texts/paper.tex"
! cmp -s "$source/paper/paper.tex" "$work/texts/paper.tex" || { echo 'FAILED: the page keeps its size' && exit 1; }

typeset() {
  "$tools/verify" --quiet --tex "$work/paper/numbers.tex" "$source/paper/claims.tsv" "$run"/*-quantities.tsv
  "$source/paper/typeset.sh" pdflatex bibtex "$work/texts" "$work" paper >"$work/log" 2>&1 || {
    tail -n 30 "$work/log"
    exit 1
  }
  pdftotext "$work/paper/paper.pdf" - | tr '\n\f' '  ' | tr -s ' ' | sed 's/- //g' >"$work/text" # no hyphenation
}

set_quantity() { # TABLE QUANTITY VALUE
  awk -F '\t' -v OFS='\t' -v quantity="$2" -v value="$3" \
    '$1 == quantity { $2 = value; n++ } { print } END { exit n != 1 }' "$run/$1-quantities.tsv" >"$work/new"
  mv "$work/new" "$run/$1-quantities.tsv"
}

says() { # SENTENCE...
  for sentence; do
    grep -qF "$sentence" "$work/text" || { status=1 && echo "FAILED: $situation: the text does not say: $sentence"; }
  done
}

says_not() { # SENTENCE...
  for sentence; do
    ! grep -qF "$sentence" "$work/text" || { status=1 && echo "FAILED: $situation: the text says: $sentence"; }
  done
}

situation='a network that has not grokked'
typeset
says 'The network generalises to all pairs (3):' 'It holds for 0 of 1 seeds.' 'This copy is of another setting' 'modulus 7 (the paper' 'has not generalised within its 20 epochs' \
  'No frequency is key' 'does not grok' 'Not drawn in this copy' 'has not grokked, so that it says nothing' \
  '(runs: 1)'
says_not 'The network groks' 'named grokking (' 'central statement of the original stands' 'has not been made' '??'

# Questions beyond the original: first by comparisons of this run with itself, which tell nothing apart, then
# by ranks that do.
questions=$source/paper/questions.tsv
asked=$(grep -v '^#' "$questions" | tail -n +2 | cut -f 5 | sort -u)
for table in $asked; do
  case $table in
    */*)
      mkdir -p "$work/runs/${table%/*}"
      [ -e "$work/runs/$table.tsv" ] || cp "$run/${table#*/}.tsv" "$work/runs/$table.tsv"
      ;;
    *)
      ninja -C "$build" -t commands "$table" | tail -n 1 | sed 's,^cd [^&]* && ,,' |
        sed "s, runs/[^ ]*/\([^ ]*\.\(tsv\|ini\)\), runs/mainline/\1,g" >"$work/command"
      (cd "$work" && sh ./command >"$work/log" 2>&1) || {
        cat "$work/log"
        exit 1
      }
      ;;
  esac
done
answer() {
  # shellcheck disable=SC2046,SC2086 # words
  (cd "$work" && tools/verify --quiet --tex paper/answers-numbers.tex "$questions" \
    $(for table in $asked; do echo "runs/$table.tsv"; done))
}

situation='runs that tell nothing apart'
answer
typeset
says 'Spikes in one layer without weight decay: 0 with the loss that rounds' 'one layer does not get there' \
  'StableMax does not generalise' 'four tenths are not grokked'
says 'In WE it does not' 'Nor does it generalise sooner' 'gives no sparser WE than softmax'
says 'for products in none of the epochs trained' 'For quotients, not most neurons' 'the key frequencies do not suffice'
says 'the rank correlations over runs are' 'Its circularity is'
says_not '??' 'Its runs were not trained' 'they were not trained' 'Their setting was not trained' 'Pizzas become clocks'

situation='softmax1 is cleaner and sooner, products are learned, pizzas become clocks, and ranks lead'
set_quantity rank effective_rank_W_L_ratio 1.05
set_quantity rank effective_rank_W_E_lead 200
set_quantity rank effective_rank_W_L_lead -50
set_quantity clock-or-pizza distance_irrelevance 0.83
set_quantity clock-or-pizza gradient_symmetricity 0.42
columns='run\tmodel.attention_rate\tgradient_symmetricity\tdistance_irrelevance\n'
printf "$columns"'a\t0\t1\t0.2\nb\t0.5\t0.9\t0.5\nc\t1\t0.4\t0.9\n' >"$work/runs/pizza-rates.tsv"
sed '1s/\(symmetricity\|irrelevance\)/\1_median/g' "$work/runs/pizza-rates.tsv" >"$work/runs/pizza-rates-over-seeds.tsv"
printf 'epoch\ttest_accuracy\ttrain_accuracy\n70\t1\t1\n' >"$work/runs/multiply/history.tsv"
sed -i 's/^\(log_clustered_share\t\)[^\t]*/\10.75/; s/^\(log_restricted_loss\t\)[^\t]*/\13e-8/' \
  "$work/runs/multiply/log-quantities.tsv"
printf 'run\tmodel.attention\tgini_W_E\tgini_W_L\tgeneralised\na\tsoftmax\t0.1\t0.2\tnan\nb\tsoftmax1\t0.5\t0.6\t70\n' \
  >"$work/runs/softmax-or-softmax1.tsv"
mkdir -p "$work/runs/rounded-one-decay-0-0" "$work/runs/phase-diagram-0.4-1-0"
printf 'epoch\ttrain_loss\ttest_accuracy\n90\t1\t0.1\n100\t5e-8\t0.1\n110\t0.1\t0.2\n' \
  >"$work/runs/rounded-one-decay-0-0/history.tsv"
printf 'epoch\ttrain_loss\ttest_loss\ttest_accuracy\n100\t1e-4\t9\t0.1\n3000\t1e-7\t1e-7\t1\n' \
  >"$work/runs/phase-diagram-0.4-1-0/history.tsv"
answer
typeset
says 'Spikes in one layer without weight decay: 1 with the loss that rounds, 0 with the loss that keeps its digits' \
  'So it is the rounding of the loss that brings them about' 'one layer gets there, at epoch 100' \
  'is not seen in one layer: spikes set the network back' 'four tenths are grokked at epoch 3,000'
says 'for products by epoch 70' 'For products, most neurons are polynomials of one frequency over logarithms (a share of 0.75)' \
  'the key frequencies suffice (alone they leave a loss of 3 '
says 'In WE it does (rank correlation 1), and in WL it does (1).' 'It generalises sooner (' 's guess, that faster convergence is behind it, stands'
says 'times the number of waves of the key frequencies: it counts them' \
  'has made a quarter of its fall 200 epochs before the test loss is halved; that of WL does not (−50)' \
  'With constant attention the median symmetricity is 1 and the distance irrelevance 0.2, with the softmax 0.4 and 0.9' \
  'Pizzas become clocks as the rate grows (rank correlations over runs −1 and 1)' \
  'it is a clock by both measures, as the original describes it'
rm "$work/paper/answers-numbers.tex"

situation='one that has'
set_quantity progress generalised 15
set_quantity progress excluded_lead 5
set_quantity spectrum key_frequencies 2
set_quantity ablation mlp_on_W_L_ratio 1.25
set_quantity ablation neurons_directions_ratio 0.25
set_quantity ablation logits_polynomial_ratio 12345
typeset
says 'The network groks' 'named grokking (' 'central statement of the original stands' 'raises it by 25 %' \
  'lowers it by 75 %' 'makes it 12,345 times as large' 'The last one does not help here' \
  'It passes half of a uniform guess 5 epochs before'
says_not 'has not generalised' 'has not grokked, so' 'does not grok' 'No frequency is key'

situation='one that has, in another order of events'
set_quantity progress excluded_lead -5
set_quantity ablation mlp_on_W_L_ratio 0.5
typeset
says 'was not seen in this copy' 'lowers it by 50 %'
says_not 'It passes half of a uniform guess' 'central statement of the original stands' 'does not help here'

situation="the paper's settings"
for setting in data.modulus=113 data.train_fraction=0.3 model.d_model=128 model.n_heads=4 model.d_mlp=512 \
  train.epochs=40000; do
  set_quantity spectrum "${setting%=*}" "${setting#*=}"
done
typeset
says_not 'This copy is of another setting'
exit $status
