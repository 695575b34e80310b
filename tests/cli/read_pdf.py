"""read_pdf.py FIGURE.pdf: the lines of a figure of one panel, in the words of read_svg.py. Of PDF it knows
what Cairo writes."""
import re
import sys
import zlib

INK = "#1a1a1a"  # of axes

with open(sys.argv[1], "rb") as stream:
    data = stream.read()
assert data.startswith(b"%PDF-1.5") and data.rstrip().endswith(b"%%EOF")
page = zlib.decompressobj().decompress(re.search(rb"stream\r?\n(.*)", data, re.DOTALL)[1]).decode("latin-1")
lines = []
for *shares, path in re.findall(r"(\S+) (\S+) (\S+) RG ([^RS]*?)\sS\b", page):
    color = "#" + "".join("%02x" % int(255 * float(share) + 0.5) for share in shares)
    points = [(float(x), float(y)) for x, y in re.findall(r"(\S+) (\S+) [ml]\b", path)]
    if color == INK:  # the frame, from its upper left to its lower right corner
        (left, top), _, (right, bottom) = points
        break
    lines.append((color, points))
for color, points in lines:
    places = (((x - left) / (right - left), (bottom - y) / (bottom - top)) for x, y in points)
    print("line", color, *("%.3f,%.3f" % place for place in places))
