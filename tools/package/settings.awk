# awk -v version=VERSION -v date=DATE -f description.awk -f roff.awk -f settings.awk train.settings:
# grokking-settings(5), from the table of all settings.

function section_of(i) { return substr(setting[i], 1, index(setting[i], ".") - 1) }

END {
  title("grokking-settings", 5)
  print ".SH NAME\ngrokking\\-settings \\- what a training of grokking depends on"
  print ".SH SYNOPSIS\n.B grokking train\n.I CONFIG.ini... section.key=value..."
  print ".SH DESCRIPTION\nA configuration is an INI file: a line with a section in brackets, and below it"
  print "lines with a key, an equals sign and a value. What it does not set has its default. Files given"
  print "later override earlier ones, and settings on the command line, as"
  print bold("section.key=value") ", override all files. Unknown keys, malformed numbers and values out of"
  print "range are errors."
  print ".PP\nThe defaults are those of the paper's mainline. In parentheses stands where they come from."
  for (i = 1; i <= n_settings; i++) {
    if (section_of(i) != section_of(i - 1)) print ".SH " toupper(section_of(i))
    print ".TP\n" bold(setting[i]) "=" italic(default_of[i])
    print line(range[i]) ";\n" line(meaning[i]) "."
  }
  print ".SH EXAMPLE\n.EX\n[data]\nmodulus = 59\ntrain_fraction = 0.4\n\n[optimizer]\nweight_decay = 0.5\n.EE"
  print ".SH SEE ALSO\n.BR grokking (1),\n.BR grokking\\-train (1)"
}
