#!/bin/sh
# with-python.sh MODULE SCRIPT [ARGUMENT...]: runs a Python script that needs a module with the first
# python3 on the PATH that has it: Debian's packages are for Debian's Python, which may not be the
# first. If none has it, says so and exits with status 77 (CTest: skipped).
set -eu

module=$1
shift
has_module="import importlib.util, sys; sys.exit(importlib.util.find_spec('$module') is None)"

IFS=:
for directory in $PATH; do
  python=$directory/python3
  if [ -x "$python" ] && "$python" -c "$has_module" 2>/dev/null; then
    exec "$python" -B "$@" # -B: no compiled copies beside the sources
  fi
done
echo "$module is not installed: python3-$module"
exit 77
