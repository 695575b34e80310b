#!/bin/sh
# verdicts.sh SOURCE TOOLS: do paper/verify.sh and paper/verify-all.sh say what holds of which run, and fail
# when anything fails that is not known to? The runs are made up: each has tables of a quantity each.
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
  printf 'epoch\tloss\n0\t4\n' >"runs/$1/progress-measures.tsv"
}

# The command ends with STATUS and says the lines of the file `expected` of what holds.
says() { # STATUS COMMAND...
  expected=$1
  shift
  status=0
  "$@" >said 2>&1 || status=$?
  if [ "$status" -ne "$expected" ] || ! grep -E 'claims hold|^(fails,?|holds,|missing|not measured|No) ' said |
    tr -s ' ' | cut -d ' ' -f 1-5 | diff - "$work/expected" >differences; then
    failures=$((failures + 1))
    echo "FAILED: $situation: status $status, expected $expected"
    sed 's/^/  /' said differences
  fi
}

# So does verify.sh with the runs there are, and the list of known failures $known.
known=-
judges() { # STATUS SCALE RUN...
  expected=$1 scale=$2
  shift 2
  rm -f claims.tsv
  says "$expected" "$source/paper/verify.sh" "$scale" claims "$known" \
    'spectrum-quantities ablation-quantities progress-quantities' "$@"
}

situation='all claims hold for all runs'
for name in mainline one two three; do
  run $name 5 0.25 150
done
cat >expected <<'END'
3 of 3 claims hold
one: 3 of 3 claims
two: 3 of 3 claims
three: 3 of 3 claims
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
one: 3 of 3 claims
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
        printf 'fails few - 8 1\n%s: 2 of 3 claims\n' $name
      else
        echo "$name: 3 of 3 claims"
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
one: 3 of 3 claims
three: 3 of 3 claims
END
judges 1 paper one two three

run two 5 0.25 150

# ---- known failures ----

known=known
list() { # "RUN CLAIM SCALE"...
  printf 'run\tclaim\tscale\treason\n' >known
  for row; do
    echo "$row because" | tr ' ' '\t' >>known
  done
}

situation='failures that are known, of the mainline and of another run'
run mainline 5 0.25 201
run two 8 0.25 150
list 'mainline soon paper' 'two few paper' 'two low quick' 'one few quick'
cat >expected <<'END'
fails, known soon - 201
2 of 3 claims hold,
one: 3 of 3 claims
fails, known few - 8
two: 2 of 3 claims
END
judges 0 paper one two

situation='the same at another scale'
cat >expected <<'END'
fails soon - 201 100
2 of 3 claims hold
END
judges 1 quick

situation='a failure that is known of one run, in two of them'
run one 8 0.25 150
cat >expected <<'END'
fails, known soon - 201
2 of 3 claims hold,
fails few - 8 1
one: 2 of 3 claims
fails, known few - 8
two: 2 of 3 claims
END
judges 1 paper one two
run one 5 0.25 150

situation='a claim of another run that holds though it is listed'
run two 5 0.25 150
cat >expected <<'END'
fails, known soon - 201
2 of 3 claims hold,
holds, though listed few -
two: 2 of 3 claims
END
judges 1 paper two
run mainline 5 0.25 150

# ---- claims about all runs ----

judges_all() { # STATUS
  rm -f verdicts.tsv
  says "$1" "$source/paper/verify-all.sh" paper all known -o verdicts.tsv
}
cat >all <<'END'
claim	table	quantity	low	high	scale
few-in-one	one/spectrum-quantities	keys	1	7	any
late-in-four	four/history	epoch@loss<1	200	inf	paper
early-in-four	four/history	epoch@loss<1	-inf	100	quick
most	table	most@keys	1	7	any
END
list

situation='of all runs, those that there are'
echo '1 of 3 claims hold,' | cat - >expected
sed -i '1i not measured late-in-four - -\nnot measured most - -' expected
judges_all 0

situation='of all runs, one that fails'
mkdir runs/four
printf 'epoch\tloss\n0\t4\n100\t0.5\n' >runs/four/history.tsv
cat >expected <<'END'
fails late-in-four - 100 at
not measured most - -
1 of 3 claims hold,
END
judges_all 1

situation='and that is known, beside a comparison of runs'
list 'four late-in-four paper'
printf 'run\tkeys\none\t5\ntwo\t7\n' >runs/table.tsv
cat >expected <<'END'
fails, known late-in-four - 100
2 of 3 claims hold,
END
judges_all 0
test "$(grep -v '^#' verdicts.tsv | cut -f 1,5 | tail -n 1)" = 'most	7' || {
  echo 'FAILED: verdicts.tsv has another verdict'
  failures=$((failures + 1))
}

situation='no run is there'
mv runs elsewhere
echo 'No run that these claims' >expected
judges_all 0
mv elsewhere runs

# ---- those runs that are there ----

# The command is given these files.
there() { # FILES "TABLE..." RUN...
  files=$1 names=$2
  shift 2
  said=$("$source/tools/cmake/those-there.sh" runs "$names" "$@" -- echo with)
  [ "$said" = "$files" ] || {
    echo "FAILED: those-there.sh: \"$said\", expected \"$files\""
    failures=$((failures + 1))
  }
}
rm runs/two/ablation-quantities.tsv
there 'with runs/one/spectrum-quantities.tsv runs/two/spectrum-quantities.tsv' \
  spectrum-quantities one none two
there 'with runs/one/spectrum-quantities.tsv runs/one/ablation-quantities.tsv' \
  'spectrum-quantities ablation-quantities' two one
there 'None of these runs has been trained and analysed.' ablation-quantities two none

[ "$failures" -eq 0 ]
