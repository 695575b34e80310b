#!/bin/sh
# those-there.sh FOLDER "TABLE..." RUN... -- COMMAND...: the command with the TABLEs (.tsv) of those RUNs,
# folders in FOLDER, that have all of them. Without any, says so and does nothing.
set -eu

folder=$1 names=$2
shift 2
files=
while [ "$1" != -- ]; do
  complete=true of_run=
  for name in $names; do
    of_run="$of_run $folder/$1/$name.tsv"
    [ -e "$folder/$1/$name.tsv" ] || complete=false
  done
  ! $complete || files="$files$of_run"
  shift
done
shift
if [ -z "$files" ]; then
  echo 'None of these runs has been trained and analysed.'
  exit
fi
# shellcheck disable=SC2086 # files of runs, whose names have no blanks
exec "$@" $files
