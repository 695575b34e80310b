#!/bin/sh
# claims.sh SOURCE TOOLS: are paper/claims.tsv, paper/claims-sweeps.tsv, paper/questions.tsv and the text of
# the paper about quantities that there are, and are the windows what their reasons say? The tables of quantities are those of a tiny
# network; whether claims hold is not asked of it. Is what paper/known-failures.tsv lists a claim?
set -eu
export LC_ALL=C OMP_NUM_THREADS=2

paper=$1/paper tools=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
status=0

fail() {
  status=1
  printf 'FAILED: %s\n' "$1"
}

rows() { grep -v '^#' "$1" | tail -n +2; } # TABLE
rows_of_others() { rows "$paper/claims-sweeps.tsv" && rows "$paper/questions.tsv"; }

# ---- quantities ----

mkdir "$work/runs"
run=$work/runs/mainline
{
  mkdir "$run"
  "$tools/train" --dump-config "$run/config.ini" data.modulus=7 model.d_model=8 model.n_heads=2 \
    model.d_head=4 model.d_mlp=16 train.epochs=20 train.snapshot_every=10
  "$tools/train" -o "$run" "$run/config.ini"
  "$tools/checkpoint-to-spectrum" -o "$run" "$run/trajectory.safetensors"
  "$tools/ablate" -o "$run" "$run/trajectory.safetensors"
  "$tools/progress-measures" -o "$run/progress-measures.tsv" --tables "$run" "$run/trajectory.safetensors"
  "$tools/principal-components" -o "$run" "$run/trajectory.safetensors"
  "$tools/clock-or-pizza" -o "$run" "$run/trajectory.safetensors"
  "$tools/train" -o "$work/product" "$run/config.ini" data.operation=multiply
  "$tools/discrete-logarithms" -o "$run" "$work/product/trajectory.safetensors"
} >"$work/log" 2>&1 || {
  cat "$work/log"
  exit 1
}
for table in "$run"/*-quantities.tsv; do
  rows "$table" | sed "s,^,mainline/$(basename "$table" .tsv)	,"
done | cut -f 1,2 | sort >"$work/there"

rows "$paper/claims.tsv" | cut -f 5,6 | grep -v @ | sort -u >"$work/wanted"
missing=$(comm -23 "$work/wanted" "$work/there")
[ -z "$missing" ] || fail "claims.tsv: nobody measures these: $missing"
twice=$(rows "$paper/claims.tsv" | cut -f 5,6,9 | sort | uniq -d)
[ -z "$twice" ] || fail "claims.tsv: two claims are about one quantity: $twice"

# Of other runs: any run's tables have the columns and quantities of this one's, and comparisons are made
# of this run alone. What is no quantity of a table is a query: verify knows whether it can be answered.
rows_of_others | cut -f 5,6 | grep -v @ | sed 's,^[^/]*/,mainline/,' | sort -u >"$work/wanted"
missing=$(comm -23 "$work/wanted" "$work/there")
[ -z "$missing" ] || fail "claims-sweeps.tsv, questions.tsv: nobody measures these: $missing"
ln -s "$tools" "$work/tools"
for table in $(rows_of_others | cut -f 5 | sort -u); do
  case $table in
    */*)
      mkdir -p "$work/runs/${table%/*}"
      [ -e "$work/runs/$table.tsv" ] || cp "$run/${table#*/}.tsv" "$work/runs/$table.tsv"
      ;;
    *)
      ninja -C "$tools/.." -t commands "$table" | tail -n 1 | sed 's,^cd [^&]* && ,,' |
        sed "s, runs/[^ ]*/\([^ ]*\.\(tsv\|ini\)\), runs/mainline/\1,g" >"$work/command"
      (cd "$work" && sh ./command >/dev/null) || fail "$table.tsv is not made"
      ;;
  esac
done
(
  cd "$work"
  for scale in paper quick; do
    # shellcheck disable=SC2046 # words
    tools/verify --quiet --scale $scale "$paper/claims-sweeps.tsv" \
      $(rows "$paper/claims-sweeps.tsv" | cut -f 5 | sort -u | sed 's,.*,runs/&.tsv,') &&
      tools/verify --quiet --scale $scale "$paper/questions.tsv" \
        $(rows "$paper/questions.tsv" | cut -f 5 | sort -u | sed 's,.*,runs/&.tsv,') &&
      tools/verify --quiet --scale $scale "$paper/claims.tsv" "$run"/*.tsv
  done
) || fail 'a query cannot be answered'

strays=$(rows "$paper/known-failures.tsv" | cut -f 2,3 | sort -u | while read -r claim scale; do
  cat "$paper/claims.tsv" "$paper/claims-sweeps.tsv" | awk -F '\t' -v claim="$claim" -v scale="$scale" '
    $1 == claim && ($9 == scale || $9 == "any") { found = 1 }
    END { if (!found || scale !~ /^(paper|quick)$/) print claim, scale }'
done)
[ -z "$strays" ] || fail "known-failures.tsv: no claim of this name and scale: $strays"

# A claim that names one of W_E and W_L is about that one.
strays=$(rows "$paper/claims.tsv" | awk -F '\t' '
  function named(text) { return (index(text, "W_E") ? "E" : "") (index(text, "W_L") ? "L" : "") }
  named($1 " " $3) != "" && named($6) != named($1 " " $3) { print $1 }')
[ -z "$strays" ] || fail "claims.tsv: these name another matrix than their quantity: $strays"

# \MACRO{NAME} of the text, the names: of a macro, or of several with "|" between them.
uses() { # MACROS
  grep -hv '^%' "$paper"/*.tex | grep -oE "\\\\($1)\\{[^#}]*\\}" | sed 's/.*{//; s/}//' | sort -u
}
while read -r macros table; do
  uses "$macros" >"$work/used"
  [ -s "$work/used" ] || fail "paper.tex: has no \\$macros"
  missing=$(sed "s,^,mainline/$table	," "$work/used" | comm -23 - "$work/there")
  [ -z "$missing" ] || fail "paper.tex: nobody measures these: $missing"
done <<END
spectrum|ifspectrum|setting|comparesetting spectrum-quantities
ablation|ifablation|changes ablation-quantities
progress|ifprogress progress-quantities
END
while read -r macros tables; do
  for table in $tables; do
    [ ! -e "$paper/$table" ] || rows "$paper/$table" | cut -f 1
  done | sort -u >"$work/names"
  missing=$(uses "$macros" | comm -23 - "$work/names")
  [ -z "$missing" ] || fail "paper.tex: $macros of what $tables does not have: $missing"
done <<END
paper claims.tsv
ifclaim|ifjudged claims.tsv claims-sweeps.tsv questions.tsv
original|setting|comparesetting original.tsv
END

# ---- windows ----

# In a window are the paper's value and the values of the seeds; outside, those from before generalisation.
{ rows "$paper/claims.tsv" && rows "$paper/claims-sweeps.tsv"; } | awk -F '\t' '
  function bound(text) { return text == "inf" ? 1e300 : text == "-inf" ? -1e300 : text + 0 }
  function inside(value) { return value + 0 >= low && value + 0 <= high }
  function wrong(what) { print "  " $1 ": " what " with the window from " $7 " to " $8 }
  { low = bound($7); high = bound($8); reason = $10 }
  {
    value = $4
    sub(/^~ /, "", value)
    gsub(/,/, "", value)
    if (value ~ /^[0-9.]+(e-?[0-9]+)?$/) {
      papers++
      if (!inside(value)) wrong("the paper has " $4)
    }
  }
  match(reason, /seeds [0-9.]+(e-?[0-9]+)? to [0-9.]+(e-?[0-9]+)?([;:,]|$)/) {
    split(substr(reason, RSTART, RLENGTH), word, /[ ;:,]/)
    seeds++
    if (!inside(word[2]) || !inside(word[4])) wrong("seeds have " word[2] " to " word[4])
  }
  match(reason, /[0-9.]+ before generalisation/) ||
  match(reason, /before generalisation( it is)?( about| below)? [0-9.]+/) {
    early = substr(reason, RSTART, RLENGTH)
    gsub(/[a-z ]/, "", early)
    befores++
    if (inside(early)) wrong("before generalisation it is " early ", inside,")
  }
  END {
    print papers + 0 " values of the paper, " seeds + 0 " of seeds, " befores + 0 " from before generalisation"
    if (papers < 30 || seeds < 15 || befores < 10) print "  too few of them are found"
  }' >"$work/windows"
grep -v '^  ' "$work/windows"
strays=$(grep '^  ' "$work/windows" || :)
[ -z "$strays" ] || fail "claims.tsv: windows that are not what is said of them:
$strays"
exit $status
