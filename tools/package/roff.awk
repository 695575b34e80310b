# What manual.awk and settings.awk write alike.

# Text as roff prints it letter by letter: "-" is no hyphen, quotes are straight.
function plain(text) {
  gsub(/\\/, "\\e", text)
  gsub(/-/, "\\-", text)
  gsub(/'/, "\\(aq", text)
  gsub(/`/, "\\(ga", text)
  gsub(/\^/, "\\(ha", text)
  gsub(/~/, "\\(ti", text)
  return text
}

# As a line of its own, which must not begin like a request.
function line(text) { text = plain(text); return text ~ /^\./ ? "\\&" text : text }
function bold(text) { return "\\fB" plain(text) "\\fR" }
function italic(text) { return "\\fI" plain(text) "\\fR" }

function title(name, section) {
  printf ".TH %s %d %s \"grokking %s\" Grokking\n", toupper(name), section, date, version
  print ".nh\n.ad l"
}
