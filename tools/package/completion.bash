# shellcheck shell=bash
# Completion of `grokking TOOL ...` for bash, by the tables below it. Bash breaks words at "=" and ":", so
# that candidates are found as whole words, of which bash gets what it asked for.

# Adds those of the words that begin like the current one, which is $1.
_grokking_add() { # CURRENT WORD...
  local current=$1 word
  shift
  for word; do
    [[ $word == "$current"* ]] && COMPREPLY+=("$word")
  done
}

# What has been added so far are files: bash is to quote them where needed and to append "/" to directories.
# Where there are none it must not, as it would quote the "=" of a setting.
_grokking_quote() {
  ((${#COMPREPLY[@]})) && compopt -o filenames 2>/dev/null
}

# Adds files that end in one of these, or all, and directories.
_grokking_add_files() { # CURRENT PREFIX [ENDING...]
  local prefix=$2 start=${1#"$2"} ending file
  shift 2
  local endings=("${@/#/.}")
  ((${#endings[@]})) || endings=('')
  while IFS= read -r file; do
    COMPREPLY+=("$prefix$file")
  done < <(compgen -d -- "$start")
  while IFS= read -r file; do
    [[ -d $file ]] && continue
    for ending in "${endings[@]}"; do
      [[ $file == *"$ending" || $file == *"$ending".partial ]] && COMPREPLY+=("$prefix$file") && break
    done
  done < <(compgen -f -- "$start")
  _grokking_quote
}

# Prints what stands behind a key, of several words, in a table.
_grokking_look_up() { # TABLE KEY
  local line
  while IFS= read -r line; do
    [[ $line == "$2 "* || $line == "$2" ]] && printf '%s\n' "${line#"$2"}" && return
  done <<<"$1"
  return 1
}

# Adds arguments of a kind: description.awk says which there are.
_grokking_add_kind() { # CURRENT PREFIX KIND [WORD...]
  local current=$1 prefix=$2 kind=$3 before=$2 word
  shift 3
  case $kind in
    directory)
      while IFS= read -r word; do
        COMPREPLY+=("$prefix$word")
      done < <(compgen -d -- "${current#"$prefix"}")
      _grokking_quote
      ;;
    file) _grokking_add_files "$current" "$prefix" "$@" ;;
    words) _grokking_add "$current" "${@/#/$prefix}" ;;
    list)
      [[ $current == *,* ]] && before=${current%,*},
      _grokking_add "$current" "${@/#/$before}"
      compopt -o nospace 2>/dev/null
      ;;
    settings) _grokking_add_settings "$current" '' ;;
  esac
}

# Adds sections, or the settings of a section, each with what follows it.
_grokking_add_settings() { # CURRENT SUFFIX
  local name values last=
  compopt -o nospace 2>/dev/null
  while read -r name values; do
    [[ $name ]] || continue
    [[ $1 == *.* ]] || name=${name%%.*}.
    [[ $name == "$last" ]] && continue
    last=$name
    [[ $name == *. ]] || name=$name$2
    _grokking_add "$1" "$name"
  done <<<"$_grokking_settings"
}

# The operands of a tool, or a setting's value.
_grokking_add_operand() { # TOOL CURRENT
  local current=$2 operands values takes
  operands=$(_grokking_look_up "$_grokking_operands" "$1") || return
  # shellcheck disable=SC2086 # a kind and its words
  set -- $operands
  takes=$1
  shift
  if [[ $takes == + && $current == *=* ]]; then
    values=$(_grokking_look_up "$_grokking_settings" "${current%%=*}") || return
    # shellcheck disable=SC2086
    _grokking_add_kind "$current" "${current%%=*}=" $values
    return
  fi
  _grokking_add_kind "$current" '' "$@"
  [[ $takes == + ]] && _grokking_add_settings "$current" =
}

_grokking_add_for_tool() { # TOOL PREVIOUS CURRENT
  local tool=$1 previous=$2 current=$3 kind name rest
  if [[ $previous == -* ]] && kind=$(_grokking_look_up "$_grokking_options" "$tool $previous") &&
    [[ ${kind# } ]]; then
    # shellcheck disable=SC2086
    _grokking_add_kind "$current" '' $kind
  elif [[ $current == --*=* ]]; then
    kind=$(_grokking_look_up "$_grokking_options" "$tool ${current%%=*}") || return
    # shellcheck disable=SC2086
    _grokking_add_kind "$current" "${current%%=*}=" $kind
  elif [[ $current == -* ]]; then
    while read -r name rest; do
      [[ $name == "$tool" ]] && _grokking_add "$current" "${rest%% *}"
    done <<<"$_grokking_options"
  else
    _grokking_add_operand "$tool" "$current"
  fi
}

# Puts the words up to the cursor together again that "=" and ":" have broken.
_grokking_words() {
  local word glue=
  words=()
  for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if ((${#words[@]})) && [[ $glue || $word == [=:]* ]]; then
      words[${#words[@]} - 1]+=$word
    else
      words+=("$word")
    fi
    glue=
    [[ $word == *[=:] && ${#words[@]} -gt 1 ]] && glue=yes
  done
}

# Takes off what bash already has in front of the word that it completes.
_grokking_trim() { # CURRENT
  local current=$1 i had=
  [[ $current == *=* && $COMP_WORDBREAKS == *=* ]] && had=${current%"${current##*=}"}
  [[ $current == *:* && $COMP_WORDBREAKS == *:* && ${current##*=} == *:* ]] && had=${current%"${current##*:}"}
  for i in "${!COMPREPLY[@]}"; do
    COMPREPLY[i]=${COMPREPLY[i]#"$had"}
  done
}

_grokking() {
  local words n current
  COMPREPLY=()
  _grokking_words
  n=${#words[@]}
  current=${words[n - 1]}
  if ((n == 2)) && [[ $current == -* ]]; then
    _grokking_add "$current" -h --help --version --data
  elif ((n == 2)); then
    # shellcheck disable=SC2086 # names
    _grokking_add "$current" $_grokking_tools help
  elif [[ ${words[1]} == help ]]; then
    # shellcheck disable=SC2086
    ((n == 3)) && _grokking_add "$current" $_grokking_tools
  else
    _grokking_add_for_tool "${words[1]}" "${words[n - 2]}" "$current"
  fi
  _grokking_trim "$current"
}

# A tool called by its own name, wherever it lies.
_grokking_by_name() {
  local words n
  COMPREPLY=()
  _grokking_words
  n=${#words[@]}
  _grokking_add_for_tool "${words[0]##*/}" "${words[n - 2]}" "${words[n - 1]}"
  _grokking_trim "${words[n - 1]}"
}
