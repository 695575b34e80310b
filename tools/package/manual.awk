# awk -v page=NAME -v version=VERSION -v date=DATE -f description.awk -f roff.awk -f manual.awk
# DESCRIPTION...: the manual page of a tool, in section 1. The descriptions are those of all tools.

# What a user types is bold in the usage line, what stands for something else in italics.
function usage_line(text, n, words, i, result) {
  n = split(text, words, " ")
  for (i = 1; i <= n; i++)
    result = result " " (words[i] ~ /^-/ ? bold(words[i]) : italic(words[i]))
  return result
}

# Paragraphs, lists and code: the n lines of the summary or of the epilogue.
function print_text(of, n, i, text, state, previous, indent, at) {
  state = "start"
  for (i = 1; i <= n; i++) {
    text = of == "summary" ? summary[tool, i] : epilogue[tool, i]
    if (state == "code" && text !~ /^  /) { print ".EE\n.RE"; state = "start" }
    if (state == "list" && text !~ /^  /) { print ".RE"; state = "start" }
    if (text == "") { state = "start"; continue }
    if (text ~ /^  /) {
      if (state != "list" && state != "code") {
        state = previous ~ /, in [A-Z][A-Za-z]*:$/ ? "code" : "list"
        print ".PP\n.RS 4" (state == "code" ? "\n.EX" : "")
      }
      text = substr(text, 3)
      if (state == "code") { print line(text); continue }
      if (text ~ /^ /) { sub(/^ +/, "", text); print line(text); continue } # goes on
      at = match(text, /  /)
      print ".TP\n" bold(at ? substr(text, 1, at - 1) : text)
      if (at) { text = substr(text, at); sub(/^ +/, "", text); print line(text) }
    } else {
      if (state != "paragraph" && (i > 1 || of != "summary")) print ".PP"
      state = "paragraph"
      print line(text)
    }
    previous = text
  }
  if (state == "code") print ".EE\n.RE"
  if (state == "list") print ".RE"
}

# The sentence of the summary that begins so, without its beginning and its full stop.
function sentence(beginning, i, all, at) {
  for (i = 1; i <= n_summary[tool]; i++) all = all summary[tool, i] " "
  at = index(all, beginning)
  if (!at) return ""
  all = substr(all, at + length(beginning))
  return substr(all, 1, index(all, ". ") - 1)
}

function print_options(i) {
  for (i = 1; i <= n_options[tool]; i++) {
    print ".TP"
    print (letter[tool, i] ? bold("-" letter[tool, i]) ", " : "") bold("--" option[tool, i]) \
      (argument[tool, i] ? " " italic(argument[tool, i]) : "")
    print line(help[tool, i])
  }
}

function has_option(name, i) {
  for (i = 1; i <= n_options[tool]; i++)
    if (option[tool, i] == name) return 1
  return 0
}

function print_tables(i) {
  if (!n_tables[tool]) return
  print ".PP\n.RS 4"
  for (i = 1; i <= n_tables[tool]; i++)
    print ".TP\n" bold(tables[tool, i]) "\n" line(holds[tool, i])
  print ".RE"
}

function print_status(reason) {
  reason = sentence("exit status is 1 if ")
  print ".SH EXIT STATUS\n.TP\n.B 0\nIt did what was asked."
  print ".TP\n.B 1\nIt failed, and standard error says why" (reason ? "; or " line(reason) : "") "."
  print ".TP\n.B 2\nThe command line was wrong."
}

# Variables that stand for options, as the options' help says.
function print_environment(i, text, found) {
  for (i = 1; i <= n_options[tool]; i++) {
    text = help[tool, i]
    if (!match(text, /[A-Z_]+ in the environment/)) continue
    if (!found++) print ".SH ENVIRONMENT"
    text = substr(text, RSTART, RLENGTH)
    sub(/ .*/, "", text)
    print ".TP\n.B " plain(text) "\nStands for " bold("--" option[tool, i]) " where that is not given."
  }
  if (!has_option("threads")) return
  if (!found) print ".SH ENVIRONMENT"
  print ".TP\n.B OMP_NUM_THREADS\nStands for " bold("--threads") " where that is not given."
  print ".TP\n.B OMP_WAIT_POLICY\n.B active\nlets threads spin while they wait; otherwise they sleep."
}

# Other tools that the text names; "train" and "verify" are words as well.
function print_others(i, j, all, others) {
  for (i = 1; i <= n_summary[tool]; i++) all = all " " summary[tool, i]
  for (i = 1; i <= n_tools; i++)
    if (tools[i] != tool && tools[i] ~ /-/ && index(all, tools[i]))
      others = others ",\n.BR " plain("grokking-" tools[i]) " (1)"
  print ".SH SEE ALSO\n.BR grokking (1)" (takes_settings(tool) ? ",\n.BR grokking\\-settings (5)" : "") others
}

END {
  tool = page
  if (!(tool in purpose)) { print "manual.awk: no description of " tool >"/dev/stderr"; exit 1 }
  name = "grokking-" tool
  title(name, 1)
  print ".SH NAME\n" plain(name) " \\- " plain(purpose[tool])
  print ".SH SYNOPSIS\n" bold("grokking " tool) " [" italic("options") "]" usage_line(usage[tool])
  print ".SH DESCRIPTION"
  print_text("summary", n_summary[tool])
  print_tables()
  print ".SH OPTIONS"
  print_options()
  print_text("epilogue", n_epilogue[tool])
  print_status()
  print_environment()
  print_others()
}
