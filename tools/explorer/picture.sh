#!/bin/sh
# picture.sh PAGE.html EPOCH PICTURE.png: the page at an epoch, as Chromium shows it.
set -eu

page=$1 epoch=$2 picture=$3
command -v chromium >/dev/null || { echo 'no browser: chromium is not installed' >&2; exit 1; }
sandbox=
[ "$(id -u)" -ne 0 ] || sandbox=--no-sandbox # which root cannot have
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
chromium --headless=new $sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work" \
  --window-size=1400,1500 --virtual-time-budget=20000 --screenshot="$work/picture.png" \
  "file://$(realpath "$page")#epoch=$epoch" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
mv "$work/picture.png" "$picture"
