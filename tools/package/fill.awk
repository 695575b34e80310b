# awk -v NAME=VALUE... -f description.awk -f roff.awk -f fill.awk DESCRIPTION... TEMPLATE.in: the template,
# with @tools@, alone on a line, as a list of the tools and what each is for: as roff where the template's
# name ends in .1.in. @version@, @date@, @programs@ and @data@ are the variables of these names.

function print_tools(as_roff, i, t) {
  for (i = 1; i <= n_tools; i++) {
    t = tools[i]
    if (as_roff) printf ".TP\n.BR %s (1)\n%s\n", plain("grokking-" t), line(purpose[t])
    else printf "  %-23s %s\n", t, purpose[t]
  }
}

FILENAME !~ /\.in$/ { next }
$0 == "@tools@" { print_tools(FILENAME ~ /\.1\.in$/); next }
{
  gsub(/@version@/, version)
  gsub(/@date@/, date)
  gsub(/@programs@/, programs)
  gsub(/@data@/, data)
  print
}
