# awk -v package=NAME -v maintainer='NAME <ADDRESS>' -f changelog.awk CHANGELOG.md: the same as Debian
# writes changelogs. Each "## VERSION, YYYY-MM-DD" begins an entry; its items are those of the list, or the
# paragraphs where there is none.

# The day of the week, 0 for Sunday, by Zeller's congruence.
function weekday(year, month, day) {
  if (month < 3) { month += 12; year-- }
  return (day + int(13 * (month + 1) / 5) + year + int(year / 4) - int(year / 100) + int(year / 400) + 6) % 7
}

function finish(parts) {
  if (!date) return
  split(date, parts, "-")
  split("Sun Mon Tue Wed Thu Fri Sat", days, " ")
  split("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", months, " ")
  printf "\n -- %s  %s, %s %s %s 00:00:00 +0000\n", maintainer, days[weekday(parts[1] + 0, parts[2] + 0, parts[3] + 0) + 1],
    parts[3], months[parts[2] + 0], parts[1]
}

# The item's words in lines that end before column 80.
function print_item(n, words, i, line) {
  if (item == "") return
  gsub(/[*`]/, "", item)
  n = split(item, words, " ")
  line = "  *"
  for (i = 1; i <= n; i++) {
    if (length(line) + 1 + length(words[i]) > 78) { print line; line = "   " }
    line = line " " words[i]
  }
  print line
  item = ""
}

/^## / {
  print_item()
  finish()
  if (date) print ""
  version = substr($2, 1, length($2) - 1)
  date = $3
  print package " (" version ") unstable; urgency=medium\n"
  next
}
!date || /^#/ { next }
/^$/ || /^- / { print_item() }
{ sub(/^(- |  )/, ""); item = item (item == "" ? "" : " ") $0 }
END { print_item(); finish() }
