#!/bin/sh
# explorer.sh SOURCE BUILD [D3.js]: makes a page of the mainline and of a copy of it with a hostile name, and
# tries it in a browser (explorer.py). Exit status 77 (CTest: skipped) if there is no browser, no D3 or no
# mainline.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source=$1 build=$(cd "$2" && pwd) d3=${3:-}
skip() { echo "skipped: $1"; exit 77; }
for program in chromium chromedriver; do
  command -v $program >/dev/null || skip "no browser: $program is not installed"
done
[ -e "$d3" ] || skip 'D3 is not installed: node-d3'
for file in trajectory.safetensors history.tsv progress-measures.tsv cosine-coefficients.tsv; do
  [ -e "$build/runs/mainline/$file" ] || skip "the mainline has not been trained and analysed: no $file"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

cd "$work"
hostile='<script>alert(1)<img_src=x_onerror=alert(2)>&amp;"'"'"
mkdir runs
ln -s "$build/runs/mainline" runs/mainline
ln -s "$build/runs/mainline" "runs/$hostile"
"$source/tools/explorer/make.sh" "$d3" page "$build/tools/export-explorer" runs/mainline \
  "runs/$hostile" runs/that-was-never-trained
"$here/../with-python.sh" selenium "$here/explorer.py" page/index.html runs/mainline "$hostile" "$build/tools" \
  "$build/explorer/index.html"
