#!/bin/sh
# shows.sh FIGURE.svg KIND LINE...: of what read_svg.py says of the figure, these and no other lines are
# of that kind (their first word, which is left out here).
set -eu
figure=$1 kind=$2
shift 2
[ -e "$figure.txt" ] || python3 -B "$(dirname "$0")/read_svg.py" "$figure" >"$figure.txt"
sed -n "s/^$kind //p" "$figure.txt" >"$figure.$kind"
if [ $# -gt 0 ]; then printf '%s\n' "$@"; fi >"$figure.lines"
exec diff "$figure.lines" "$figure.$kind"
