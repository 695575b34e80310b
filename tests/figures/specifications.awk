# specifications.awk: of figures' specifications without `each`, what a mark shows that is not what its words
# say.

function wrong(what) {
  printf "FAILED: %s: [%s] [%s]: %s\n", substr(figure, 3), panel, section, what
  failures++
}

# A key of the mark, or what it inherits.
function value(key) {
  if (("mark " key) in set) return set["mark " key]
  if (("panel " key) in set) return set["panel " key]
  return set["figure " key]
}

function own(key) { return set["mark " key] }

# A parameter's name in markup, as columns have it: W_E.
function plain(text) {
  gsub(/<\/i><sub>/, "_", text)
  gsub(/<[^>]*>/, "", text)
  return text
}

# Is it among the parts of a column's name?
function has(column, part) { return index("_" column "_", "_" part "_") > 0 }

function must_have(part, source) {
  judged++
  if (part != "" && !has(column, part)) wrong(source " says " part ", and it shows " column)
}

# What a mark that is said to be of a head shows.
function of_heads() {
  if (kind == "map") return "attention_"
  return value("table") ~ /ov-spectrum$/ ? "OV_" : "C_"
}

# What some words say of the column.
function check_words(text, source,    rest) {
  if (text ~ /^[Tt]rain( loss)?(,|$)/) must_have("train", source)
  if (text ~ /^[Tt]est( loss)?(,|$)/) must_have("test", source)
  if (text ~ /^T(rain|est)$/ && column ~ /restricted|excluded/) wrong("is said to be of all, and shows " column)
  if (text ~ /^Restricted|, restricted$/) must_have("restricted", source)
  if (text ~ /(^E| e)xcluded$|^All key frequencies removed/) must_have("excluded", source)
  if (text ~ /^(cos|sin)\(/ && source == "the label") must_have(substr(text, 1, 3), source)
  if (text ~ /^Accuracy/) must_have("accuracy", source)
  if (text ~ /^Loss/) must_have("loss", source)
  if (text ~ /^Gini/) must_have("gini", source)
  if (text ~ /squared weights$/) must_have("squared", source)
  if (text ~ /^[Hh]ead [0-9]$/) must_have(of_heads() substr(text, 6), source)
  if (text ~ /^Head [0-9], (attention|to <i>a<\/i>)$/) must_have("attention_" substr(text, 6, 1), source)
  if (text ~ /^To <i>b<\/i>$/) must_have("attention_b", source)
  if (text ~ /^Fit, to <i>a<\/i>$/) must_have("attention_fit", source)
  if (text ~ /^Scores$/) must_have("score", source)
  if (text ~ /^Its polynomial$/) must_have("polynomial", source)
  if (text ~ /^[Nn]euron [0-9]$/) must_have("neuron_" substr(text, 8), source)
  rest = plain(text)
  while (match(rest, /[Wb]_[A-Za-z]+/)) {
    must_have(substr(rest, RSTART, RLENGTH), source)
    rest = substr(rest, RSTART + RLENGTH)
  }
}

# A mark or panel that is named for a run is of that run, or of its other seeds.
function check_run(words,    list, n, i) {
  n = split(words, list, " ")
  for (i = 1; i <= n; i++)
    if (list[i] ~ /^(mainline|(seed|fraction|modulus|decay)-[0-9].*)$/) {
      judged++
      if (index(value("table"), list[i] "/") != 1 && index(value("table"), list[i] "-seed-") != 1 &&
          index(own("where") " ", "run = " list[i] " ") != 1)
        wrong("is to be of " list[i] ", and is of " value("table") ", " own("where"))
    }
}

# The run whose rows the mark shows; "" if its table is of several.
function run_shown(    run) {
  if (match(own("where"), /^run = [^ ]+/)) return substr(own("where"), 7, RLENGTH - 6)
  run = value("table")
  return run ~ /\// ? substr(run, 1, index(run, "/") - 1) : ""
}

# A setting in a run's name: 0.3 of decay-0.3-seed-1; `usual` if there is none.
function setting(run, name, usual) {
  if (!match("-" run, "-" name "-[0-9.]+")) return usual
  return substr("-" run, RSTART + length(name) + 2, RLENGTH - length(name) - 2)
}

function seed(run) {
  gsub(/(decay|fraction|modulus|dropout|width)-[0-9.]+/, "", run)
  return match(run, /-[0-9]+$/) ? substr(run, RSTART + 1) : 0
}

# The number that stands behind some words in a text is the run's.
function must_be(text, words, number, source) {
  if (!match(text, words "[0-9.]+")) return
  text = substr(text, RSTART, RLENGTH)
  gsub(/[^0-9.]/, "", text)
  judged++
  if (text "" != number "") wrong(source " says " words text ", and it is of the run " run_shown())
}

# What words say of the run.
function check_run_said(text, source,    run) {
  run = run_shown()
  if (run == "") return
  if (text == "Mainline" && run != "mainline") wrong(source " says Mainline, and it is of the run " run)
  must_be(text, "Seed ", seed(run), source)
  must_be(text, "λ = ", setting(run, "decay", 1), source)
  if (text ~ /^[0-9.]+%$/) must_be(text, "", 100 * setting(run, "fraction", 0.3), source)
  if (text ~ /^[0-9.]+$/ && run ~ /fraction|^mainline$/) must_be(text, "", setting(run, "fraction", 0.3), source)
  must_be(text, "[Dd]ropout ", setting(run, "dropout", "none"), source)
  must_be(text, "[Ww]idth ", setting(run, "width", "none"), source)
  must_be(text, "</i> = ", setting(run, "modulus", 113), source)
}

# A line that is one of several for their numbers says its own.
function check_number(    run) {
  if (kind != "line" || !match(name, /(fraction|decay|width|dropout)-[0-9.]+$/)) return
  run = substr(name, RSTART)
  judged++
  if (index(panel, run) == 0 && own("label") !~ /[0-9]%?$/) wrong("is labelled " own("label"))
}

function check_axis(label, axis,    shown) {
  shown = value(axis)
  if (label ~ /^Epoch$/ && shown !~ /^epoch/ && axis == "x") wrong("the axis says Epoch and shows " shown)
  if (label ~ /requency <i>k<\/i>$/ && shown != "frequency") wrong("the axis says frequency and shows " shown)
  if (label ~ /^Fraction of variance/ && shown != "fve") wrong("the axis says FVE and shows " shown)
}

# Are these the rows that the mark is named for?
function of_its_name(where) {
  if (name == "key") return where == "key = 1"
  if (name ~ /^others?$/) return where == "key = 0"
  if (where ~ /^part = /) return where == "part = " name || where == "part = name_" name
  if (name == "a") return where == "role = 1"
  if (name == "b") return where == "role = 2"
  if (name ~ /^never_/) return where == "below_" substr(name, 7) " = nan"
  return 1
}

# A label's {} is what its letter says.
function check_rows() {
  if (!of_its_name(own("where"))) wrong("is of the rows " own("where"))
  if (own("label") ~ /<i>k<\/i> = \{\}$/ && own("group") own("value") !~ /^(frequency|value)$/)
    wrong("its k is " own("group") own("value"))
  if (own("label") ~ /<i>p<\/i> = \{\}$/ && own("where") " " own("value") != "quantity = data.modulus value")
    wrong("its p is " own("where") " " own("value"))
  if (own("label") ~ /λ = \{\}$/ && own("where") " " own("value") != "quantity = optimizer.weight_decay value")
    wrong("its λ is " own("where") " " own("value"))
}

# What looks the same in a panel is called the same, and the other way round.
function check_look(    look, label) {
  label = own("label")
  if (label == "" || kind == "text" || label ~ /\{\}/) return
  look = kind " " own("color") " " own("dash") " " own("tint") " " own("marker")
  judged++
  if ((panel, look) in called && called[panel, look] != label) wrong("looks like " called[panel, look])
  if ((panel, kind, label) in seen && seen[panel, kind, label] != look) wrong("another mark is called " label)
  called[panel, look] = label
  seen[panel, kind, label] = look
}

function check_mark() {
  if (kind == "phases" && own("labels") != "Memorisation, Circuit formation, Cleanup")
    wrong("the phases are not in their order")
  check_run(name)
  check_run(panel)
  check_rows()
  check_look()
  if (kind !~ /^(line|scatter|bars|map|rule|histogram)$/) return
  check_number()
  check_run_said(own("label"), "the label")
  check_run_said(set["panel title"], "the title")
  if (kind != "rule") check_axis(value("x.label"), "x")
  column = kind == "map" ? own("value") : kind == "histogram" ? "" : value("y")
  if (column == "" || column == "value" || column ~ /^[0-9.-]+$/) return
  marks++
  check_words(own("label"), "the label")
  check_words(set["panel title"], "the title")
  if (match(panel, /[Wb]_[A-Za-z]+( |$)|(head|neuron) [0-9]$/)) check_words(substr(panel, RSTART), "the panel")
  check_words(value("y.label"), "the axis")
  if (name ~ /^(train|test|restricted|excluded|unablated|cos|sin|[Wb]_[A-Za-z]+)( |$)/) {
    sub(/ .*/, "", name)
    must_have(name, "the name")
  }
  if (name ~ /^(below_.*|generalised)$/ && column != name) wrong("shows " column)
  if (name ~ /^(key|others?)$/ && panel ~ / excluded( |$)/) must_have("excluded", "the panel")
  if (name ~ /^(key|others?)$/ && panel ~ / ablations( |$)/ && column != "loss") wrong("shows " column)
}

function clear(level,    key) {
  for (key in set)
    if (index(key, level " ") == 1) delete set[key]
}

function end_section() {
  if (level == "mark" && kind != "colors") check_mark()
}

FNR == 1 {
  end_section()
  figure = FILENAME
  level = panel = ""
  clear("figure")
  clear("panel")
  clear("mark")
  for (key in called) delete called[key]
  for (key in seen) delete seen[key]
}

/^\[/ {
  end_section()
  section = substr($0, 2, length($0) - 2)
  kind = section
  sub(/ .*/, "", kind)
  name = substr(section, length(kind) + 2)
  level = kind == "figure" || kind == "panel" ? kind : "mark"
  if (level == "panel") panel = section
  clear(level)
  if (level == "panel") clear("mark")
  next
}

/^[a-z]/ {
  key = $1
  text = $0
  sub(/^[^=]*= */, "", text)
  set[level " " key] = text
}

END {
  end_section()
  printf "%d marks, of which %d things are said\n", marks, judged
  if (marks < 100 || judged < 2 * marks) wrong("too little is said to judge the figures by")
  exit failures > 0
}
