#!/bin/sh
# verify.sh SCALE CLAIMS TABLES [RUN...]: in a build tree, what `ninja verify` says: the claims held
# against the mainline, all of them, then against the last snapshot of each other RUN those that are
# about TABLES, words with blanks between them. The verdicts on the mainline go to claims.tsv. Fails
# when a claim does, once all runs are judged.
set -u

scale=$1 claims=$2 names=$3
shift 3
status=0

tools/verify --scale "$scale" -o claims.tsv "$claims" runs/mainline/spectrum-quantities.tsv \
  runs/mainline/ablation-quantities.tsv runs/mainline/progress-quantities.tsv || status=1
for run; do
  tables=
  for name in $names; do
    tables="$tables runs/$run/$name.tsv"
  done
  # shellcheck disable=SC2086 # the names are words
  tools/verify --scale "$scale" --run "$run" --brief "$claims" $tables || status=1
done
exit $status
