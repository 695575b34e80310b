# awk -f description.awk -f completion.zsh.awk DESCRIPTION... train.settings: completion of
# `grokking TOOL ...` for zsh.

function quoted(text) { gsub(/'/, "'\\''", text); return "'" text "'" }
function explained(text) { gsub(/[][\\]/, "\\\\&", text); return "[" text "]" }

# What completes an argument of this kind.
function action(kind, words) {
  words = kind
  sub(/^[a-z]+ */, "", words)
  if (kind ~ /^directory/) return "_files -/"
  if (kind ~ /^words/) return "(" words ")"
  if (kind ~ /^list/) return "_values -s , name " words
  if (kind ~ /^settings/) return "_grokking_setting"
  if (kind !~ /^file/) return " "
  if (!words) return "_files"
  gsub(/ /, "|", words)
  return "_files -g \"*.(" words ")(|.partial)\""
}

function print_option(t, i, names, takes) {
  takes = kind_of(t, argument[t, i])
  takes = takes ? ":" argument[t, i] ":" action(takes) : ""
  names = letter[t, i] ? "(-" letter[t, i] " --" option[t, i] ")" : ""
  if (letter[t, i])
    print "        " quoted(names "-" letter[t, i] (takes ? "+" : "") explained(help[t, i]) takes) " \\"
  print "        " quoted(names "--" option[t, i] (takes ? "=" : "") explained(help[t, i]) takes) " \\"
}

function print_operands(t, files) {
  files = action(kind_of_operands(t))
  if (takes_settings(t)) {
    gsub(/"/, "\\\"", files)
    files = "_alternative \"files:file:" files "\" \"settings:setting:_grokking_setting\""
  }
  print "        " quoted("*:operand:" files)
}

END {
  print "#compdef grokking\n# Made from what the tools say of themselves.\n"
  print "_grokking_setting() {\n  if [[ $PREFIX == *=* ]]; then\n    local key=${PREFIX%%=*}"
  print "    compset -P '*='\n    case $key in"
  for (i = 1; i <= n_settings; i++) {
    words = words_of(range[i])
    if (words) print "      " setting[i] ") compadd - " words " ;;"
    if (range[i] ~ /^a path/) print "      " setting[i] ") _files ;;"
  }
  print "    esac\n  else\n    compadd -S = - \\"
  for (i = 1; i <= n_settings; i++) print "      " setting[i] (i < n_settings ? " \\" : "")
  print "  fi\n}\n\n_grokking() {\n  local curcontext=$curcontext state line\n  local -A opt_args"
  print "  _arguments -C '(- *)'{-h,--help}'[print a list of the tools]' '(- *)--version[print the version]' \\"
  print "    '(- *)--data[print the directory of the configurations]' '1: :->tool' '*:: :->arguments'"
  print "  case $state in\n    tool)\n      local -a tools=("
  for (i = 1; i <= n_tools; i++) print "        " quoted(tools[i] ":" purpose[tools[i]])
  print "        'help:say what a tool does'\n      )\n      _describe tool tools\n      return\n      ;;"
  print "    arguments) ;;\n    *) return ;;\n  esac\n  case $words[1] in"
  printf "    help)\n      _arguments '1:tool:("
  for (i = 1; i <= n_tools; i++) printf "%s%s", tools[i], i < n_tools ? " " : ")'\n      ;;\n"
  for (i = 1; i <= n_tools; i++) {
    t = tools[i]
    print "    " t ")\n      _arguments \\"
    for (j = 1; j <= n_options[t]; j++)
      if (!seen[t, option[t, j]]++) print_option(t, j) # `--tables DIR` and `--tables` alone
    print_operands(t)
    print "      ;;"
  }
  print "  esac\n}\n\n_grokking \"$@\""
}
