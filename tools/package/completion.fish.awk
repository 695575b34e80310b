# awk -f description.awk -f completion.fish.awk DESCRIPTION... train.settings: completion of
# `grokking TOOL ...` for fish.

function quoted(text) { gsub(/\\/, "\\\\", text); gsub(/'/, "\\'", text); return "'" text "'" }

# What completes an argument of this kind.
function action(kind, n, i, words, endings) {
  n = split(kind, words, " ")
  if (kind ~ /^directory/) return " -x -a '(__fish_complete_directories)'"
  if (kind ~ /^(words|list)/) return " -x -a " quoted(substr(kind, 7 - (kind ~ /^list/)))
  if (kind ~ /^settings/) return " -x -a \"$__grokking_settings\""
  if (kind !~ /^file/) return " -x"
  for (i = 2; i <= n; i++)
    endings = endings (endings ? "; " : "") "__fish_complete_suffix ." words[i]
  return endings ? " -k -x -a '(" endings ")'" : " -r -F"
}

function operand(kind) { sub(/^ -r/, "", kind); sub(/ -x/, "", kind); return kind }

END {
  print "# Made from what the tools say of themselves."
  printf "set -g __grokking_settings '"
  for (i = 1; i <= n_settings; i++) printf "%s%s", setting[i], i < n_settings ? " " : "'\n"
  print "# their names with an equals sign, or with each of the values that there are"
  printf "set -g __grokking_assignments '"
  for (i = 1; i <= n_settings; i++) {
    n = split(words_of(range[i]), words, " ")
    for (j = 1; j <= n; j++) printf "%s=%s ", setting[i], words[j]
    if (!n) printf "%s= ", setting[i]
  }
  print "'"
  printf "set -g __grokking_tools"
  for (i = 1; i <= n_tools; i++) printf " %s", tools[i]
  print "\n\nfunction __grokking_is -a tool # is that the tool of the command line?\n" \
    "  set -l words (commandline -opc)\n  test \"$words[2]\" = \"$tool\"\nend\n"
  print "complete -c grokking -f"
  first = "complete -c grokking -n 'test (count (commandline -opc)) -eq 1'"
  print first " -s h -l help -d 'print a list of the tools'"
  print first " -l version -d 'print the version'"
  print first " -l data -d 'print the directory of the configurations'"
  print first " -a help -d 'say what a tool does'"
  print "complete -c grokking -n '__grokking_is help' -a \"$__grokking_tools\""
  for (i = 1; i <= n_tools; i++) {
    t = tools[i]
    print "\n" first " -a " t " -d " quoted(purpose[t])
    of_tool = "complete -c grokking -n '__grokking_is " t "'"
    for (j = 1; j <= n_options[t]; j++) {
      if (seen[t, option[t, j]]++) continue # `--tables DIR` and `--tables` alone
      print of_tool (letter[t, j] ? " -s " letter[t, j] : "") " -l " option[t, j] " -d " quoted(help[t, j]) \
        (argument[t, j] ? action(kind_of(t, argument[t, j])) : "")
    }
    print of_tool operand(action(kind_of_operands(t)))
    if (!takes_settings(t)) continue
    print of_tool " -a \"$__grokking_assignments\""
  }
}
