# Reads what tools say of themselves (tools/base/description.h) into arrays, for the scripts that make
# pages and completions of it. Files that end in .settings are what `train --settings` prints.
#
#   tools[1..n_tools]; of each tool t purpose[t], operands[t], mentions[t] (its options and operands as
#   one string); summary[t, i], tables[t, i], holds[t, i], epilogue[t, i], letter[t, i], option[t, i],
#   argument[t, i], help[t, i], where i goes from 1 to n_summary[t] and so on
#   setting[1..n_settings], default_of[i], range[i], meaning[i]

BEGIN { FS = "\t" }

FILENAME ~ /\.settings$/ && /^  [^ ]/ {
  at = index($0, "=")
  setting[++n_settings] = substr($0, 3, at - 3)
  default_of[n_settings] = substr($0, at + 1)
  next
}
FILENAME ~ /\.settings$/ {
  sub(/^ */, "")
  if (sub(/;$/, "")) range[n_settings] = $0
  else meaning[n_settings] = $0
  next
}
$1 == "tool" { tool = $2; tools[++n_tools] = tool; purpose[tool] = $3 }
$1 == "operands" { operands[tool] = $2; sub(/^-o [A-Z]+ /, "", operands[tool]); usage[tool] = $2 }
$1 == "summary" { summary[tool, ++n_summary[tool]] = $2 }
$1 == "epilogue" { epilogue[tool, ++n_epilogue[tool]] = $2 }
$1 == "table" { tables[tool, ++n_tables[tool]] = $2; holds[tool, n_tables[tool]] = $3 }
$1 == "option" {
  i = ++n_options[tool]
  letter[tool, i] = $2; option[tool, i] = $3; argument[tool, i] = $4; help[tool, i] = $5
}

# The words of a list such as "add, subtract or table"; nothing if the text is no such list.
function words_of(text) {
  if (text !~ /^[a-z0-9_-]+(, [a-z0-9_-]+)* or [a-z0-9_-]+$/) return ""
  gsub(/,| or/, "", text)
  return text
}

# The terms of the list in the tool's epilogue.
function terms_of(t, i, line, words) {
  for (i = 1; i <= n_epilogue[t]; i++)
    if (match(epilogue[t, i], /^  [a-z0-9-]+  */)) {
      line = substr(epilogue[t, i], 3)
      words = words (words ? " " : "") substr(line, 1, index(line, " ") - 1)
    }
  return words
}

# The names of the tool's tables, without .tsv.
function table_names(t, i, name, words) {
  for (i = 1; i <= n_tables[t]; i++) {
    name = tables[t, i]
    sub(/\.tsv$/, "", name)
    words = words (words ? " " : "") name
  }
  return words
}

# What an argument of that name is: "directory", "file ENDING...", "words WORD...", "list WORD..." (divided by
# commas), "settings", "any"; nothing if there is no argument. The first word says which.
function kind_of(t, name, endings) {
  if (name == "") return ""
  if (name ~ /^([A-Z]+_)?DIR$/ || name == "RUN...") return "directory"
  if (name ~ /^[a-z0-9_-]+(\|[a-z0-9_-]+)+$/) { gsub(/\|/, " ", name); return "words " name }
  if (name == "NAME") return "words " terms_of(t)
  if (name ~ /^NAME\[,/) return "list " terms_of(t)
  if (name == "TABLES") return "words " table_names(t)
  if (name == "SETTINGS") return "settings"
  if (name ~ /^(FILE|TRAJECTORY)$/) return "file"
  while (match(name, /\.[a-z]+/)) {
    if (index(endings " ", " " substr(name, RSTART + 1, RLENGTH - 1) " ") == 0)
      endings = endings " " substr(name, RSTART + 1, RLENGTH - 1)
    name = substr(name, RSTART + RLENGTH)
  }
  return endings ? "file" endings : "any"
}

# The same of all operands but the settings.
function kind_of_operands(t, text) {
  text = operands[t]
  sub(/ ?\[section\.key=value\.\.\.\]/, "", text)
  return kind_of(t, text)
}

function takes_settings(t) { return operands[t] ~ /section\.key=value/ }
