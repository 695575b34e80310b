# awk -v names=YES -f description.awk -f completion.bash.awk completion.bash DESCRIPTION... train.settings:
# completion.bash and the tables that it looks things up in, a line for each. With names=YES, for a build
# tree, the tools are completed by their own names, too.

FILENAME ~ /completion\.bash$/ { print; next }

function quoted(text) { gsub(/'/, "'\\''", text); return "'" text "'" }

END {
  print "\n# Made from what the tools say of themselves."
  for (i = 1; i <= n_tools; i++) all = all (i > 1 ? " " : "") tools[i]
  print "_grokking_tools=" quoted(all)
  print "# tool, what its operands are; with + if they can be settings"
  text = ""
  for (i = 1; i <= n_tools; i++)
    text = text tools[i] " " (takes_settings(tools[i]) ? "+" : "-") " " kind_of_operands(tools[i]) "\n"
  print "_grokking_operands=" quoted(text)
  print "# tool, option, what it takes"
  text = ""
  for (i = 1; i <= n_tools; i++) {
    t = tools[i]
    for (j = 1; j <= n_options[t]; j++) {
      if (seen[t, option[t, j]]++) continue # `--tables DIR` and `--tables` alone
      if (letter[t, j]) text = text t " -" letter[t, j] " " kind_of(t, argument[t, j]) "\n"
      text = text t " --" option[t, j] " " kind_of(t, argument[t, j]) "\n"
    }
  }
  print "_grokking_options=" quoted(text)
  print "# setting, what it can be"
  text = ""
  for (i = 1; i <= n_settings; i++) {
    words = words_of(range[i])
    text = text setting[i] " " (words ? "words " words : range[i] ~ /^a path/ ? "file" : "any") "\n"
  }
  print "_grokking_settings=" quoted(text)
  print "complete -F _grokking grokking"
  if (names == "YES") print "complete -F _grokking_by_name " all
}
