#!/bin/sh
# typeset.sh PDFLATEX BIBTEX SOURCE BUILD SCALE: BUILD/paper/paper.pdf from SOURCE/paper.tex, the numbers and
# the figures of the build tree. LaTeX writes pages of chatter; it is shown only when something fails.
# Without a date of its own the file has the same bytes every time.
set -eu

pdflatex=$1 bibtex=$2 source=$3 build=$4 scale=$5
cd "$build/paper"
SOURCE_DATE_EPOCH=0 FORCE_SOURCE_DATE=1
TEXINPUTS=$source:$build/paper:$build:
BIBINPUTS=$source:
export SOURCE_DATE_EPOCH FORCE_SOURCE_DATE TEXINPUTS BIBINPUTS

quietly() {
  "$@" >typeset.log 2>&1 </dev/null && return
  cat typeset.log >&2
  exit 1
}

# trained.tex: what the logs say of how long trainings took. A log has a line for each time that a
# training was taken up, so the time of a run is their sum.
for log in ../runs/*/progress.log; do
  [ ! -e "$log" ] || echo "$log"
done | LC_ALL=C sort | awk '
  function words(seconds) { # as the logs have it: 3 h 05 min, 4 min 00 s
    seconds = int(seconds + 0.5)
    if (seconds >= 3600) return sprintf("%d h %02d min", seconds / 3600, seconds % 3600 / 60)
    return sprintf("%d min %02d s", seconds / 60, seconds % 60)
  }
  function define(name, value) { printf "\\expandafter\\def\\csname %s\\endcsname{%s}\n", name, value }
  BEGIN { print "% made by typeset.sh from the logs of the trainings"; size["h"] = 3600; size["min"] = 60; size["s"] = 1 }
  {
    run = $0
    sub(/\/progress.log$/, "", run)
    sub(/.*\//, "", run)
    epochs = seconds = 0
    while ((getline line < $0) > 0) {
      if (line !~ /^trained /) continue
      n = split(line, word, /[ :,]+/)
      epochs += word[2]
      for (i = 3; i < n && word[i] != "loss"; i++)
        if (word[i + 1] in size) seconds += word[i] * size[word[i + 1]]
    }
    close($0)
    if (epochs == 0) next
    define("training " run " epochs", epochs)
    define("training " run " time", words(seconds))
    runs++
    total += seconds
  }
  END { if (runs) { define("trainedruns", runs); define("trainedtime", words(total)) } }' >trained.tex

# held-out-numbers.tex: the claims held against the runs held-out-*, which no window was set on, if there
# are any.
rm -f held-out-numbers.tex
set --
for table in ../runs/held-out-*/*-quantities.tsv ../runs/held-out-*/neuron-logit-directions.tsv; do
  [ ! -e "$table" ] || set -- "$@" "$table"
done
if [ $# -gt 0 ]; then
  ../tools/verify --quiet --scale "$scale" --tex held-out-numbers.tex "$source/claims.tsv" "$@"
fi

quietly "$pdflatex" -interaction=nonstopmode -halt-on-error -jobname=draft "$source/paper.tex"
quietly "$bibtex" draft
quietly "$pdflatex" -interaction=nonstopmode -halt-on-error -jobname=draft "$source/paper.tex"
quietly "$pdflatex" -interaction=nonstopmode -halt-on-error -jobname=draft "$source/paper.tex"
if grep -E 'undefined (references|citations)' draft.log >&2; then
  exit 1
fi
mv draft.pdf paper.pdf
