#!/bin/sh
# assemble.sh D3.js DATA.json PAGE.html: one page from D3, the data of export-explorer and the files of this
# folder. Each line @part@ of page.html stands for a part.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
d3=$1 data=$2 page=$3
temporary=$page.$$
trap 'rm -f "$temporary"' EXIT
trap 'exit 1' HUP INT TERM

for part in data charts view worker state main; do
  cat "$here/$part.js"
done >"$temporary.js"
trap 'rm -f "$temporary" "$temporary.js"' EXIT
sed -e "/^@style@\$/{r $here/style.css" -e 'd;}' \
  -e "/^@data@\$/{r $data" -e 'd;}' \
  -e "/^@d3@\$/{r $d3" -e 'd;}' \
  -e "/^@network@\$/{r $here/network.js" -e 'd;}' \
  -e "/^@code@\$/{r $temporary.js" -e 'd;}' "$here/page.html" >"$temporary"
mv "$temporary" "$page"
