# commands.awk: of a build.ninja, a line for each command of the project's programs, as declared.sh has it.
# Not of those that ask programs what they are.

# The files of runs and of the source tree among the words of a text, in their order, each once; of a
# command not those that it writes.
function files(text, is_command,    words, n, i, found) {
  n = split(text, words, " ")
  for (i = 1; i <= n; i++)
    if (words[i] ~ /\.(tsv|ini|safetensors)$/ && index(found " ", " " words[i] " ") == 0 &&
        !(is_command && words[i - 1] == "-o"))
      found = found " " words[i]
  return found
}

function replace(text, name, by,    at, done) {
  while ((at = index(text, name)) > 0) {
    done = done substr(text, 1, at - 1) by
    text = substr(text, at + length(name))
  }
  return done text
}

# Which run a command is about, or "" where it is the mainline's or about several.
function run_of(command,    words, n, i) {
  n = split(command, words, " ")
  for (i = 1; i < n; i++) {
    if (words[i] == "--run") return words[i + 1]
    if (words[i] == "-o" && words[i + 1] ~ /^runs\// && words[i + 1] !~ /^runs\/[^\/]*\.tsv$/) {
      sub(/^runs\//, "", words[i + 1])
      sub(/\/.*/, "", words[i + 1])
      return words[i + 1] == "mainline" ? "" : words[i + 1]
    }
  }
  return ""
}

/^build .*: CUSTOM_COMMAND/ {
  depends = $0
  sub(/.*: CUSTOM_COMMAND/, "", depends)
  sub(/ \|\| .*/, "", depends)
}

/^  COMMAND = / {
  n = split($0, parts, " && ")
  for (i = 1; i <= n; i++) {
    sub(/^\.\/launch [^ ]* /, "", parts[i])
    if (parts[i] !~ /^(tools\/[a-z-]+ -|(verify|verify-all|those-there)\.sh )/ || parts[i] ~ /--dump-config| tests\/|> tools\/descriptions\//) continue
    sub(/^tools\//, "", parts[i])
    if (n == 2 && files(parts[i], 1) != files(depends)) parts[i] = parts[i] " <-" files(depends)
    run = run_of(parts[i])
    if (run) parts[i] = replace(parts[i], run, "RUN")
    sub(/\.(pdf|png|svg) /, ".PICTURE ", parts[i])
    count[parts[i]]++
  }
}

END {
  for (command in count) print count[command], command
}
