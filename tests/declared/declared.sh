#!/bin/sh
# declared.sh SOURCE TOOLS: is everything that the build declares what it is meant to be? Trains nothing.
#
# expected.txt says, for both scales, what settings each run comes to and which of them OVERRIDES reach;
# the commands that make tables and figures; and what targets stand for. Whoever changes a declaration on
# purpose changes it there as well.
#
# Of the settings of a run those are listed in which it is not the mainline. In commands, RUN is every run
# but the mainline and PICTURE is pdf, png and svg; the number before a command says how many there are
# that differ in these alone. "<-" is followed by what a command depends on, where that is not what it
# names. Of the hundreds of runs of a map, those are one line of which the settings follow in one way from
# the values in their names: {1} is the first of these. Elsewhere {240} stands for 240 of them.
set -eu

source=$1 tools=$(cd "$2" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

configure() { # TREE OPTION...
  tree=$work/$1
  shift
  cmake -G Ninja -S "$source" -B "$tree" -DBUILD_TESTING=OFF -DRUNS_AT_ONCE=2 "$@" >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
  }
}

map=phase-diagram

# The runs of the map, line by line, their values as {1}, {2} ...
fold_settings() {
  awk -v map="$map" '
    index($1, map "-") != 1 { print; next }
    {
      name = substr($1, length(map) + 2)
      sub(/:$/, "", name)
      n = split(name, values, "-")
      line = ""
      for (i = 2; i <= NF; i++) {
        at = index($i, "=")
        for (v = 1; v <= n && substr($i, at + 1) != values[v];) v++
        line = line " " substr($i, 1, at) (v <= n ? "{" v "}" : substr($i, at + 1))
      }
      if (!count[line]++) order[++lines] = line
    }
    END { for (l = 1; l <= lines; l++) print map ", " count[order[l]] " runs:" order[l] }'
}

# Several of them in a row, in commands and in lists of what is made.
fold_names() {
  awk -v map="$map" '
    function flush() {
      if (n == 1) line = line " " first
      if (n > 1) line = line " " pattern
      if (n > 1) sub(/\{\}/, "{" n "}", line)
      n = 0
    }
    index($0, map "-") == 0 { print; next }
    {
      line = ""
      for (i = 1; i <= NF; i++) {
        folded = $i
        if (!sub(map "-[-0-9.]+", map "-{}", folded)) folded = ""
        if (n && folded != pattern) flush()
        if (folded == "") line = line (i > 1 ? " " : "") $i
        else if (!n++) { first = $i; pattern = folded }
      }
      flush()
      print line
    }'
}

# A line for each run: its name and section.key=value... A process is started for each run, and no more:
# there are hundreds.
settings() {
  ninja -C "$tree" group-tables >"$work/log" # which settings name, from there
  ninja -C "$tree" -t commands configurations |
    sed -n 's,.*tools/train --dump-config \([^ ]*\) \(.*\),\1 \2,p' >"$work/dumps"
  (
    cd "$tree"
    sed 's,/[^/ ]* .*,,' "$work/dumps" | xargs mkdir -p
    while read -r file words; do
      eval "'$tools/train' --dump-config '$file' $words" </dev/null
    done <"$work/dumps"
    awk '
      {
        file = run = $1
        sub(/\/[^\/]*$/, "", run)
        sub(/.*\//, "", run)
        line = run ":"
        while ((getline <file) > 0)
          if (/^\[/) section = substr($1, 2, length($1) - 2)
          else if (/ = /) {
            setting = section "." $1 "=" $3
            if (run == "mainline") of_mainline[setting]
            if (run == "mainline" || !(setting in of_mainline)) line = line " " setting
          }
        close(file)
        print line
      }' "$work/dumps"
  ) | fold_settings
}

commands() {
  sed "s,$source/\(tools/\)\?[a-z]*/,,g; s,$tree/,,g" "$tree/build.ninja" | awk -f "$source/tests/declared/commands.awk" |
    fold_names | LC_ALL=C sort -k 2
}

# What programs run for a target, and what they make.
makes() { # TARGET
  ninja -C "$tree" -t commands "$1" | sed -n 's,.*&& \(\./launch [^ ]* \)\?tools/\([a-z-]*\) \(.* \)\?-o \([^ ]*\).*,\2 \4,p' |
    LC_ALL=C sort | awk -v target="$1" '
      $1 != program { printf "%s%s, %s:", (NR > 1 ? "\n" : ""), target, $1; program = $1 }
      { sub(/^(runs|figures)\//, "", $2); sub(/\.(pdf|tsv)$/, "", $2); printf " %s", $2 }
      END { print (NR ? "" : target ": nothing") }' | fold_names
}

targets() {
  for target in figures all-figures sweeps sweep-decays sweep-tasks experiment-tasks phase-diagram \
    precision-losses verify verify-all mainline modulus-401 settings films explorer; do
    makes $target
  done
}

overrides='data.modulus=47;data.train_fraction=0.45;data.seed=8;optimizer.weight_decay=2;train.epochs=700'
overrides="$overrides;train.seed=9;train.snapshot_every=350;train.evaluate_every=70"

configure paper -DSCALE=paper
{
  printf '== settings, paper\n\n' && settings
  printf '\n== commands, paper\n\n' && commands
  printf '\n== targets, paper\n\n' && targets
} >"$work/found"
configure quick -DSCALE=quick
{
  printf '\n== settings, quick\n\n' && settings
  printf '\n== commands and targets, quick, where they are not as above\n\n'
  { commands && targets; } | grep -Fvxf "$work/found" || :
} >"$work/quick.found"
configure overridden -DSCALE=quick "-DOVERRIDES=$overrides"
{
  cat "$work/quick.found"
  printf '\n== settings, quick, OVERRIDES %s\n\n' "$overrides" && settings
} >>"$work/found"

if ! diff -u "$source/tests/declared/expected.txt" "$work/found"; then
  echo 'What is declared (+) is not what is expected (-).'
  exit 1
fi
