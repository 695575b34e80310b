#!/bin/sh
# verdicts.sh SOURCE TOOLS: does paper/verify.sh say what holds of which run, and fail when anything fails?
# The runs are made up: each has tables of two quantities.
set -eu

source=$1 tools=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
failures=0
cd "$work"
ln -s "$tools" tools

cat >claims <<'END'
claim	table	quantity	low	high	scale
few	mainline/spectrum-quantities	keys	1	7	any
low	mainline/ablation-quantities	loss	-inf	0.5	paper
low	mainline/ablation-quantities	loss	-inf	2	quick
soon	mainline/progress-quantities	epoch	100	200	any
END

# Makes the tables of a run, by the number of its keys, its loss and its epoch.
run() { # NAME KEYS LOSS EPOCH
  mkdir -p "runs/$1"
  printf 'quantity\tvalue\nkeys\t%s\n' "$2" >"runs/$1/spectrum-quantities.tsv"
  printf 'quantity\tvalue\nloss\t%s\n' "$3" >"runs/$1/ablation-quantities.tsv"
  printf 'quantity\tvalue\nepoch\t%s\n' "$4" >"runs/$1/progress-quantities.tsv"
}

# With the runs there are, verify.sh ends with STATUS and says the lines of standard input of what holds.
judges() { # STATUS SCALE RUN...
  expected=$1 scale=$2
  shift 2
  status=0
  rm -f claims.tsv
  "$source/paper/verify.sh" "$scale" claims 'spectrum-quantities ablation-quantities' "$@" >said 2>&1 ||
    status=$?
  if [ "$status" -ne "$expected" ] || ! grep -E 'claims hold|^fails|^missing' said | tr -s ' ' |
    cut -d ' ' -f 1-5 | diff - "$work/expected" >differences; then
    failures=$((failures + 1))
    echo "FAILED: $situation: status $status, expected $expected"
    sed 's/^/  /' said differences
  fi
}

situation='all claims hold for all runs'
for name in mainline one two three; do
  run $name 5 0.25 150
done
cat >expected <<'END'
3 of 3 claims hold
one: 2 of 2 claims
two: 2 of 2 claims
three: 2 of 2 claims
END
judges 0 paper one two three
test "$(grep -v '^#' claims.tsv | cut -f 1,5,8 | tr '\t\n' '  ')" = \
  'claim ours verdict few 5 holds low 0.25 holds soon 150 holds ' || {
  echo 'FAILED: claims.tsv has other verdicts'
  failures=$((failures + 1))
}

situation='the mainline alone'
echo '3 of 3 claims hold' >expected
judges 0 quick

situation='the mainline fails, and no other run'
run mainline 5 0.25 201
cat >expected <<'END'
fails soon - 201 100
2 of 3 claims hold
one: 2 of 2 claims
END
judges 1 paper one
run mainline 5 0.25 150

for failing in one two three; do
  situation="$failing fails, of three, and no other run"
  run $failing 8 0.25 150
  {
    echo '3 of 3 claims hold'
    for name in one two three; do
      if [ $name = $failing ]; then
        printf 'fails few - 8 1\n%s: 1 of 2 claims\n' $name
      else
        echo "$name: 2 of 2 claims"
      fi
    done
  } >expected
  judges 1 paper one two three
  run $failing 5 0.25 150
done

situation='a claim of one scale'
run mainline 5 1 150
echo '3 of 3 claims hold' >expected
judges 0 quick
cat >expected <<'END'
fails low - 1 at
2 of 3 claims hold
END
judges 1 paper
run mainline 5 0.25 150

situation='a table of a run that is not there'
rm runs/two/ablation-quantities.tsv
cat >expected <<'END'
3 of 3 claims hold
one: 2 of 2 claims
three: 2 of 2 claims
END
judges 1 paper one two three

[ "$failures" -eq 0 ]
