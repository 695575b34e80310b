#!/bin/sh
# verify.sh SCALE CLAIMS KNOWN TABLES [RUN...]: in a build tree, what `ninja verify` says: the claims held
# against the mainline, all of them, then against each other RUN those that are about TABLES, words with
# blanks between them. KNOWN lists failures that are known; - if none are. The verdicts on the mainline
# go to claims.tsv. Fails when a claim does, once all runs are judged.
set -u

scale=$1 claims=$2 known=$3 names=$4
shift 4
status=0
[ "$known" != - ] || known=

# verify, with options and the tables of a run. The words of names have no blanks.
judge() { # RUN "NAME..." OPTION...
  run=$1 tables=
  for name in $2; do
    tables="$tables runs/$run/$name.tsv"
  done
  shift 2
  # shellcheck disable=SC2086
  tools/verify --scale "$scale" ${known:+--known "$known"} "$@" "$claims" $tables || status=1
}

judge mainline "$names progress-measures" -o claims.tsv
for run; do
  judge "$run" "$names" --run "$run" --brief
done
exit $status
