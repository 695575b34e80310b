#!/bin/sh
# make.sh D3.js FOLDER EXPORT RUN...: FOLDER/index.html, one page from D3, the files of this folder, and the
# data that the program EXPORT makes of those of the RUNs, folders, that have been trained and analysed. The
# data is only made anew if something that it is made of has changed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
d3=$1 folder=$2 export=$3
shift 3

n=$# inputs=$export.code
while [ "$n" -gt 0 ]; do
  run=$1 complete=true files=
  shift
  for file in trajectory.safetensors history.tsv progress-measures.tsv cosine-coefficients.tsv; do
    [ -e "$run/$file" ] || complete=false
    files="$files $run/$file"
  done
  if $complete; then
    set -- "$@" "$run"
    inputs=$inputs$files
  fi
  n=$((n - 1))
done
[ $# -gt 0 ] || { echo 'explorer: none of its runs has been trained and analysed' >&2; exit 1; }

mkdir -p "$folder"
list=$folder/runs.txt data=$folder/data.json page=$folder/index.html
temporary=$folder/temporary.$$
trap 'rm -f "$temporary" "$temporary.js"' EXIT
trap 'exit 1' HUP INT TERM

printf '%s\n' "$@" >"$temporary"
# shellcheck disable=SC2086 # names of runs have no blanks
if ! cmp -s "$temporary" "$list" || [ ! -e "$data" ] || [ -n "$(find $inputs -newer "$data")" ]; then
  "$export" -o "$data" "$@"
  mv "$temporary" "$list"
fi

for part in data charts view worker state main; do
  cat "$here/$part.js"
done >"$temporary.js"
# Each line @part@ of page.html stands for a part.
sed -e "/^@style@\$/{r $here/style.css" -e 'd;}' \
  -e "/^@data@\$/{r $data" -e 'd;}' \
  -e "/^@d3@\$/{r $d3" -e 'd;}' \
  -e "/^@network@\$/{r $here/network.js" -e 'd;}' \
  -e "/^@code@\$/{r $temporary.js" -e 'd;}' "$here/page.html" >"$temporary"
mv "$temporary" "$page"
echo "$page: $# of the runs, $(wc -c <"$page") bytes"
