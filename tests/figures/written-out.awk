# written-out.awk: a figure's specification without `each`, every copy of a repeated section written out, as
# tools/plot/figure.h says what it stands for. Copies are named for their item. Colours along viridis become
# viridis-1, viridis-2 and so on, which the program does not draw.

function trim(text) {
  gsub(/^[ \t]+|[ \t]+$/, "", text)
  return text
}

function is_mark(s) { return kind[s] !~ /^(figure|panel|colors)$/ }

# The value of a section's key; "" if it is not set.
function get(s, key,    i) {
  for (i = 1; i <= n_keys[s]; i++)
    if (keys[s, i] == key) return values[s, i]
  return ""
}

function item(list, i,    items) {
  split(list, items, ",")
  return trim(items[i])
}

function count(list,    items) { return split(list, items, ",") }

function replace(text, name, with,    place, done) {
  while ((place = index(text, name)) > 0) {
    done = done substr(text, 1, place - 1) with
    text = substr(text, place + length(name))
  }
  return done text
}

# The text for item i of the lists of section `owner`; as it is if i is 0.
function of_item(text, owner, i,    label, color) {
  if (i == 0) return text
  label = get(owner, "each.label")
  color = get(owner, "each.color")
  text = replace(text, "{each}", item(get(owner, "each"), i))
  text = replace(text, "{each.label}", item(label == "" ? get(owner, "each") : label, i))
  return replace(text, "{each.color}", color == "viridis" ? color "-" i : item(color, i))
}

function write_keys(s, owner, i,    k) {
  for (k = 1; k <= n_keys[s]; k++)
    if (keys[s, k] !~ /^each(\.|$)/) print keys[s, k] " = " of_item(values[s, k], owner, i)
}

# A panel has what a repeated [figure] sets for it, and shows the marks of all panels.
function write_inherited(s, i,    k, m) {
  for (k = 1; k <= n_keys[figure]; k++)
    if (values[figure, k] ~ /\{each/ && get(s, keys[figure, k]) == "")
      print keys[figure, k] " = " of_item(values[figure, k], figure, i)
  for (m = 1; m < first_panel; m++)
    if (is_mark(m)) write(m, figure, i)
}

function write(s, owner, i,    name) {
  name = names[s]
  if (i > 0) name = trim(name " " item(get(owner, "each"), i))
  print "\n[" kind[s] (name == "" ? "" : " " name) "]"
  write_keys(s, owner, i)
  if (i > 0 && owner == figure && kind[s] == "panel") write_inherited(s, i)
}

# Sections from `first` to `last`, once for each item of the owner's list.
function write_copies(owner, first, last,    i, s) {
  for (i = 1; i <= count(get(owner, "each")); i++)
    for (s = first; s <= last; s++)
      if (kind[s] == "colors") {
        if (i == 1) write(s, 0, 0)
      } else if (kind[s] != "figure" && !(owner == figure && s < first_panel)) {
        write(s, owner, i)
      }
}

function last_of(s) {
  if (kind[s] == "panel")
    while (s < n && kind[s + 1] != "panel") s++
  return s
}

function write_figure(    k) {
  print "[figure]"
  for (k = 1; k <= n_keys[figure]; k++)
    if (keys[figure, k] !~ /^each(\.|$)/ && values[figure, k] !~ /\{each/)
      print keys[figure, k] " = " values[figure, k]
}

/^\[/ {
  n++
  names[n] = kind[n] = substr($0, 2, index($0, "]") - 2)
  sub(/ .*/, "", kind[n])
  names[n] = trim(substr(names[n], length(kind[n]) + 1))
  if (kind[n] == "figure") figure = n
  if (kind[n] == "panel" && !first_panel) first_panel = n
  next
}

/^[a-z]/ {
  n_keys[n]++
  keys[n, n_keys[n]] = $1
  values[n, n_keys[n]] = trim(substr($0, index($0, "=") + 1))
}

END {
  if (figure) write_figure()
  if (figure && get(figure, "each") != "") {
    write_copies(figure, 1, n)
    exit
  }
  for (s = 1; s <= n; s++)
    if (get(s, "each") != "") {
      last = last_of(s)
      write_copies(s, s, last)
      s = last
    } else if (s != figure) {
      write(s, 0, 0)
    }
}
