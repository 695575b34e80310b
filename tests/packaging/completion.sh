#!/bin/bash
# completion.sh BUILD: what bash, zsh and fish complete. Bash is asked twice: its function by itself, with
# the words as bash divides them, and at a prompt, where keys are pressed. Of every tool all options that
# its --help lists must be offered. zsh and fish are left out where they are missing.
set -u
export LC_ALL=C HOME=/nonexistent

build=$(cd "$1" && pwd) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
status=0

fail() { # what is wrong
  status=1
  echo "FAILED: $1"
}

# Files to be completed.
mkdir -p "$work/here/runs/one" && cd "$work/here" || exit 1
touch a.ini 'b c.ini' d.tsv e.tsv.partial f.safetensors

# ---- bash's function ----

# shellcheck source=/dev/null
. "$build/share/bash-completion/completions/grokking"
complete -p grokking >/dev/null || fail 'grokking is not completed'

# What is offered at the end of the words; the last may be empty.
offers() { # EXPECTED WORD...
  local expected=$1
  shift
  ask "$@"
  [ "$found" = "$expected" ] || fail "$*: offers \"$found\", expected \"$expected\""
}

function_of=_grokking
ask() { # WORD...: to $found
  # shellcheck disable=SC2034 # bash's variables
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
  COMPREPLY=()
  "$function_of"
  found=$(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')
  found=${found% }
}

shopt -s extglob
tools=$(sed -n 's/^tool	\([^	]*\)	.*/\1/p' "$build"/tools/descriptions/*.txt | sort)
offers "$(printf '%s\n' $tools help | sort | tr '\n' ' ' | sed 's/ $//')" grokking ''
offers "$(echo $tools)" grokking help ''
offers 'train' grokking trai
offers '--data --help --version' grokking --
offers '--share' grokking train --sh
offers 'auto cuda factored opencl textbook' grokking train --engine ''
offers 'opencl,textbook' grokking train --engine opencl,te
offers 'factored' grokking train --engine = fac
offers 'runs' grokking train -o ''
offers 'runs' grokking train --output = r
offers 'runs/one' grokking ablate -o runs/
offers 'a.ini b c.ini data. model. optimizer. runs train.' grokking train runs ''
offers 'model.activation=' grokking train model.acti
offers 'gelu relu' grokking train model.activation =
offers 'relu' grokking train model.activation = r
offers 'false true' grokking ablate f.safetensors model.biases =
offers 'a.ini' grokking train data.table = a
offers '' grokking train data.modulus =
offers 'a.ini' grokking train a
offers 'b c.ini' grokking train b
offers 'd.tsv' grokking render-figure d
offers 'e.tsv.partial' grokking render-figure e
offers '' grokking render-figure f
offers 'f.safetensors' grokking ablate f
offers 'runs' grokking export-explorer r
offers 'authors original pytorch transformerlens' grokking export-checkpoint --for ''
offers 'columns rows' grokking import-checkpoint --W_O ''
offers 'ablation-quantities ablations' grokking ablate --only ab
offers 'train.seed' grokking compare-runs --over train.se
offers '' grokking compare-runs train.se
offers '' grokking trane --
offers '' grokking train --threads ''

options_of() { # TOOL: as its --help lists them
  "$build/tools/$1" --help | sed -n '/^options:$/,/^$/s/^  ...\{0,1\} --\([A-Za-z_-]*\).*/--\1/p' | sort -u
}
for tool in $tools; do
  offers "$(options_of "$tool" | tr '\n' ' ' | sed 's/ $//')" grokking "$tool" --
done
for setting in $("$build/tools/train" --settings | sed -n 's/^  \([a-z]*\.[A-Za-z0-9_]*\)=.*/\1/p'); do
  ask grokking train "$setting"
  case " $found " in
    *" $setting= "*) ;;
    *) fail "the setting $setting is not offered" ;;
  esac
done

# The tools of a build tree by their own names.
# shellcheck source=/dev/null
. "$build/tools/completion.bash"
complete -p train >/dev/null || fail 'train is not completed in a build tree'
function_of=_grokking_by_name
offers '--share' "$build/tools/train" --sh
offers 'relu' tools/train model.activation = r
for tool in $tools; do
  offers "$(options_of "$tool" | tr '\n' ' ' | sed 's/ $//')" "build/tools/$tool" --
done

# ---- at a prompt ----

# Keys pressed in a shell, whose `grokking` prints its words between <>.
press() { # KEYS EXPECTED SHELL...
  local keys=$1 expected=$2
  shift 2
  printf "$keys\nexit\n" | timeout 60 script -qec "$*" /dev/null >"$work/screen" 2>&1
  tr -d '\r' <"$work/screen" | grep -aFq -- "$expected" ||
    { fail "$1: $keys does not become $expected"; cat -v "$work/screen"; }
}

cat >"$work/bashrc" <<END
PS1='$ '
grokking() { printf '<%s>' "\$@"; echo; }
bind 'set enable-bracketed-paste off'
END
if [ -r /usr/share/bash-completion/bash_completion ]; then
  echo 'bash, which finds the completion by itself'
  echo ". /usr/share/bash-completion/bash_completion" >>"$work/bashrc"
else
  echo "bash, without the package bash-completion"
  echo ". $build/share/bash-completion/completions/grokking" >>"$work/bashrc"
fi
export XDG_DATA_DIRS=$build/share
bash="bash --noprofile --rcfile $work/bashrc -i"
press 'grokking trai\t --eng\tfac\t\bx\n' '<train><--engine><factorex>' "$bash"
press 'grokking prog\tx\n' '<progress-measures><x>' "$bash"
press 'grokking train model.act\tr\t x\n' '<train><model.activation=relu><x>' "$bash"
press 'grokking train data.table=b\t x\n' '<train><data.table=b c.ini><x>' "$bash"
press 'grokking train --output=ru\to\tx\n' '<train><--output=runs/one/x>' "$bash"
press 'grokking train b\t x\n' '<train><b c.ini><x>' "$bash"

if command -v zsh >/dev/null; then
  echo zsh
  cat >"$work/.zshrc" <<END
PS1='% ' fpath=($build/share/zsh/site-functions \$fpath)
autoload -U compinit && compinit -u -d $work/zcompdump
grokking() { printf '<%s>' "\$@"; echo; }
END
  export ZDOTDIR=$work
  press 'grokking trai\t--restar\tx\n' '<train><--restart><x>' 'zsh -i'
  press 'grokking train model.activation=r\tx\n' '<train><model.activation=relu><x>' 'zsh -i'
  press 'grokking train data.modu\t7\n' '<train><data.modulus=7>' 'zsh -i'
  press 'grokking train --engine fac\tx\n' '<train><--engine><factored' 'zsh -i'
  press 'grokking render-figure d\tx\n' '<render-figure><d.tsv><x>' 'zsh -i'
else
  echo '  without zsh'
fi

if command -v fish >/dev/null; then
  echo fish
  fish_offers() { # EXPECTED WORDS
    local found
    found=$(HOME=$work fish --no-config -c \
      "source $build/share/fish/vendor_completions.d/grokking.fish; complete -C '$2'" | cut -f 1 | sort)
    found=$(echo $found)
    [ "$found" = "$1" ] || fail "fish: $2: offers \"$found\", expected \"$1\""
  }
  fish_offers train 'grokking trai'
  fish_offers "$(printf '%s\n' $tools help | sort | tr '\n' ' ' | sed 's/ $//')" 'grokking '
  fish_offers '--restart' 'grokking train --restar'
  fish_offers 'auto cuda factored opencl textbook' 'grokking train --engine '
  fish_offers 'model.activation=gelu model.activation=relu' 'grokking train model.activ'
  fish_offers 'runs/' 'grokking train -o r'
  for tool in $tools; do
    fish_offers "$(echo $(options_of "$tool"))" "grokking $tool --"
  done
else
  echo '  without fish'
fi
exit $status
