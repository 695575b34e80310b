#!/bin/sh
# typeset.sh PDFLATEX BIBTEX SOURCE BUILD: BUILD/paper/paper.pdf from SOURCE/paper.tex, the numbers and
# the figures of the build tree. LaTeX writes pages of chatter; it is shown only when something fails.
# Without a date of its own the file has the same bytes every time.
set -eu

pdflatex=$1 bibtex=$2 source=$3 build=$4
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

quietly "$pdflatex" -interaction=nonstopmode -halt-on-error -jobname=draft "$source/paper.tex"
quietly "$bibtex" draft
quietly "$pdflatex" -interaction=nonstopmode -halt-on-error -jobname=draft "$source/paper.tex"
quietly "$pdflatex" -interaction=nonstopmode -halt-on-error -jobname=draft "$source/paper.tex"
if grep -E 'undefined (references|citations)' draft.log >&2; then
  exit 1
fi
mv draft.pdf paper.pdf
