# Reads an SVG of render-figure and prints, for each coloured line in drawing order, where in its plot
# it starts and ends, as fractions of the plot's width and height from the lower left corner. The axes,
# which are drawn after the lines of a panel, give the position of the plot.

function points() { # sets d, the words of the path: M x y L x y ...
  sub(/.* d="/, "")
  sub(/".*/, "")
  return split($0, d, " ")
}

/<path style="fill:none;/ && !/stroke:rgb\(10%,10%,10%\)/ {
  last = points()
  n++
  from_x[n] = d[2]; from_y[n] = d[3]
  to_x[n] = d[last - 1]; to_y[n] = d[last]
}

/<path style="fill:none;/ && /stroke:rgb\(10%,10%,10%\)/ {
  if (points() != 9) next # a tick
  for (i = 1; i <= n; i++)
    printf "%.3f %.3f  %.3f %.3f\n", (from_x[i] - d[2]) / (d[8] - d[2]), (d[6] - from_y[i]) / (d[6] - d[3]),
      (to_x[i] - d[2]) / (d[8] - d[2]), (d[6] - to_y[i]) / (d[6] - d[3])
  n = 0
}
