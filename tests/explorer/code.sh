#!/bin/sh
# code.sh SOURCE: is the code of the page that explores runs formatted, and has it nothing that eslint calls an
# error? Exit status 77 (CTest: skipped) without eslint or clang-format.
set -eu

cd "$1/tools/explorer"
for program in clang-format eslint; do
  command -v $program >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done
clang-format --dry-run -Werror ./*.js
long=$(awk 'length > 100 { print FILENAME ":" FNR ": more than 100 columns" }' ./*.js ./*.css)
[ -z "$long" ] || { echo "$long"; exit 1; }
# As one file, since that is how the page has them. (Debian's modules, whichever node comes first.)
cat network.js data.js charts.js view.js worker.js state.js main.js |
  NODE_PATH=/usr/share/nodejs eslint --format unix --stdin
