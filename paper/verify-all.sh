#!/bin/sh
# verify-all.sh SCALE CLAIMS KNOWN OPTION...: in a build tree, what `ninja verify-all` says: the claims held
# against those of their tables that there are. KNOWN lists failures that are known; - if none are. The
# OPTIONs are verify's.
set -eu

scale=$1 claims=$2 known=$3
shift 3
[ "$known" = - ] || set -- --known "$known" "$@"
set -- --scale "$scale" --measured "$@" "$claims"
n=$#
for name in $(awk -F '\t' '/^#/ { next }
    !at { for (i = 1; i <= NF; i++) if ($i == "table") at = i; next }
    !seen[$at]++ { print $at }' "$claims"); do
  [ ! -e "runs/$name.tsv" ] || set -- "$@" "runs/$name.tsv"
done
if [ $# -eq $n ]; then
  echo 'No run that these claims are about has been trained.'
  exit
fi
exec tools/verify "$@"
