# fault.awk: of the faults in the first file the one called `name`: with `key`, what it says under that key;
# without, the second file with its lines replaced. Exit status 1 if a line is not there exactly once.

function value(line) {
  sub(/^[a-z]+: +/, "", line)
  return line
}

FNR == NR {
  if (/^name:/) on = value($0) == name
  if (!on) next
  if (key != "" && index($0, key ":") == 1) print value($0)
  if (/^old:/) old[++n] = value($0)
  if (/^new:/) new[n] = value($0)
  next
}

{
  line = $0
  sub(/^[ \t]+/, "", line)
  indent = substr($0, 1, length($0) - length(line))
  for (i = 1; i <= n; i++)
    if (line == old[i]) {
      found[i]++
      $0 = indent new[i]
      break
    }
  print
}

END {
  for (i = 1; key == "" && i <= n; i++)
    if (found[i] != 1) exit 1
}
