"""read_svg.py FIGURE.svg: says what a figure of one panel, drawn by render-figure, shows.

One line for each thing, in the order of drawing. Places are fractions of the plot's width and height
from its lower left corner:

  line #0072b2 0.000,0.250 1.000,0.750        its points, also those that the plot cuts off
  stroke 2 8,4                                its width and dashes in points, if not 1 and solid
  fill #d55e00 0.10,0.00 0.20,0.50            corners of a bar, a marker or a background
  image 0.00,0.00 1.00,1.00                   corners of a map
  row #440154 #fde725                         its cells, the upper row first
  text #000000 'A' left 0.49 right 0.51 height 0.50
  x 0.250 '10'                                a tick of the x axis and its label, likewise y; "minor" if
                                              it is short
  bar 0.500 '10'                              a tick of the colour bar
  bar #440154 #fde725                         colours at its lower and its upper end
  legend line #0072b2 'Train'                 an entry: what its sample is made of, with strokes as
                                              above, and its label
  label 'Epoch'                               any other text; a ? is a character at an angle or not in
                                              CHARACTERS; bold ones are not told from others

Superscripts follow a ^, subscripts a _. It fails if a label is not beside its tick or sample, if an entry
of the legend lies on a mark, or if the colour bar is not as high as the plot.
"""
import base64
import os
import re
import string
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

import png

INK, BLACK = "#1a1a1a", "#000000"  # of axes; of the labels of a legend
NEAR = 1.6  # points
CHARACTERS = string.digits + string.ascii_letters + ".,&\N{MINUS SIGN}\N{MULTIPLICATION SIGN}"


class Item:
    """Something drawn, in points on the page: kind, colour, and the points of each of its parts."""

    def __init__(self, kind, color, parts, clipped=False):
        self.kind, self.color, self.parts, self.clipped = kind, color, parts, clipped
        points = [point for part in parts for point in part]
        self.left, self.right = min(x for x, y in points), max(x for x, y in points)
        self.top, self.bottom = min(y for x, y in points), max(y for x, y in points)
        self.middle, self.height = (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def meets(self, other):
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def look(self):
        stroke = self.stroke if self.kind == "line" and self.stroke != "1" else ""
        return f"{self.kind} {self.color} {stroke}".rstrip()

    def is_segment(self):
        return self.kind == "line" and self.color == INK and [len(part) for part in self.parts] == [2]


# ---- what is drawn ----


def properties(element):
    """Its style, whether in one attribute or in several."""
    return dict(element.attrib, **dict(re.findall(r"([^:;]+):([^;]+)", element.get("style", ""))))


def hex_color(paint):
    shares = re.findall(r"[\d.]+(?=%)", paint)
    return "#" + "".join("%02x" % int(float(share) * 2.55 + 0.5) for share in shares)


def path_parts(path):
    """The points of each part, those that steer curves too. What is only moved to is left out."""
    parts = []
    for command, numbers in re.findall(r"([MLC])([^MLCZ]*)", path):
        values = [float(number) for number in numbers.split()]
        points = list(zip(values[::2], values[1::2]))
        if command == "M":
            parts.append(points)
        else:
            parts[-1] += points
    return [part for part in parts if len(part) > 1]


def reference(element):
    return next(value for key, value in element.attrib.items() if key.endswith("href"))


def read_image(named, pattern):
    """A picture that is stretched over a box."""
    picture = named[reference(pattern.find(".//{*}use"))[1:]]
    matrix = [float(number) for number in re.findall(r"[-\d.]+", pattern.get("patternTransform"))]
    width, height = float(picture.get("width")), float(picture.get("height"))
    start, end = (matrix[4], matrix[5]), (matrix[4] + matrix[0] * width, matrix[5] + matrix[3] * height)
    item = Item("image", None, [[start, end]])
    item.pixels = png.pixels(base64.b64decode(reference(picture).split(",")[1]))
    return item


def read_path(named, path, clipped):
    """One that is both filled and stroked is two things."""
    style = properties(path)
    parts = path_parts(path.get("d"))
    if style["fill"].startswith("url"):
        yield read_image(named, named[style["fill"][5:-1]])
    elif style["fill"] != "none":
        yield Item("fill", hex_color(style["fill"]), parts, clipped)
    if style.get("stroke", "none") != "none":
        line = Item("line", hex_color(style["stroke"]), parts, clipped)
        line.stroke = " ".join(style[key] for key in ("stroke-width", "stroke-dasharray") if key in style)
        yield line


def read_text(named, group, alphabet):
    """Glyphs of one size; their outlines say which characters they are."""
    outlines, parts = [], []
    for use in group:
        outline = named[reference(use)[1:]].find(".//{*}path").get("d")
        x, y = float(use.get("x")), float(use.get("y"))
        outlines.append(outline)
        parts += [[(x + a, y + b) for point in path_parts(outline) for a, b in point]] if outline else []
    item = Item("text", hex_color(properties(group)["fill"]), parts)
    item.outlines = outlines
    item.text = "".join(alphabet.get(outline, "?") for outline in outlines)
    item.base = sum(max(y for x, y in part) + min(y for x, y in part) for part in parts[:1]) / 2
    return item


def join_texts(items):
    """A text of two sizes is drawn in parts."""
    joined = []
    for item in items:
        last = joined[-1] if joined else item
        if item.kind == last.kind == "text" and item is not last and (
            abs(item.left - last.right) < 2 * NEAR and abs(item.base - last.base) < 5
        ):
            base, text = last.base, item.text if item.base < last.base else item.text.replace("^", "_")
            text = re.sub(r"(?<=\^.)\^|(?<=_.)_", "", last.text + text)
            joined[-1] = Item("text", last.color, last.parts + item.parts)
            joined[-1].base, joined[-1].text = base, text
        else:
            joined.append(item)
    return joined


def read_items(path, alphabet):
    root = tree.parse(path).getroot()
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    items = []

    def walk(element, clipped):
        tag = element.tag.split("}")[1]
        if tag == "g" and len(element) and element[0].tag.endswith("use"):
            items.append(read_text(named, element, alphabet))
        elif tag == "path":
            items.extend(read_path(named, element, clipped))
        elif tag in ("svg", "g"):
            for child in element:
                walk(child, clipped or "clip-path" in element.attrib)

    walk(root, False)
    return items


def learn_alphabet():
    """The characters of outlines, in the two sizes of a figure, from figures that show them one by one,
    before a digit, as which the minus sign is higher."""
    alphabet = {"": " "}
    with tempfile.TemporaryDirectory() as folder:
        table, figure = os.path.join(folder, "t.tsv"), os.path.join(folder, "t.ini")
        with open(table, "w", encoding="utf-8") as stream:
            stream.write("c\n" + "".join(character + "\n" for character in CHARACTERS))
        mark = "[text %s]\nx = 0\ny = 0\nvalue = c\nlabel = %s\n"
        labels = {"plain": "{}1", "bold": "<b>{}1</b>", "raised": "<sup>{}1</sup>"}
        marks = "".join(mark % label for label in labels.items())
        names = [*CHARACTERS, *CHARACTERS, *("^" + character for character in CHARACTERS)]
        for size in 8, 9:
            with open(figure, "w", encoding="utf-8") as stream:
                stream.write("[figure]\nsize = %d\n[panel p]\nx.format = none\ny.format = none\n%s" % (size, marks))
            drawn = os.path.join(folder, "t.svg")
            subprocess.run(["render-figure", "-o", drawn, figure, table], check=True)
            texts = [item for item in read_items(drawn, {}) if item.kind == "text"]
            assert len(texts) == len(names)
            for name, item in zip(names, texts):
                alphabet.setdefault(item.outlines[0], name)
    return alphabet


# ---- what it means ----


def crosses(box, start, end):
    """Whether a segment comes into a box, by clipping it at the four sides (Liang and Barsky)."""
    (x, y), dx, dy = start, end[0] - start[0], end[1] - start[1]
    enters, leaves = 0, 1
    for step, room in (-dx, x - box.left), (dx, box.right - x), (-dy, y - box.top), (dy, box.bottom - y):
        if step == 0 and room < 0:
            return False
        if step < 0:
            enters = max(enters, room / step)
        if step > 0:
            leaves = min(leaves, room / step)
    return enters <= leaves


def hides(box, mark, plot):
    """Whether the box lies on the mark. Backgrounds, as high as the plot, may be hidden."""
    if mark.kind == "line":
        return any(crosses(box, a, b) for part in mark.parts for a, b in zip(part, part[1:]))
    pieces = [Item(mark.kind, None, [part]) for part in mark.parts]
    if mark.kind == "fill":
        pieces = [piece for piece in pieces if piece.bottom - piece.top < plot.bottom - plot.top - 0.01]
    return any(box.meets(piece) for piece in pieces)


class Plot:
    def __init__(self, frame):
        self.left, self.right, self.top, self.bottom = frame.left, frame.right, frame.top, frame.bottom

    def x(self, x):
        return (x - self.left) / (self.right - self.left)

    def y(self, y):
        return (self.bottom - y) / (self.bottom - self.top)

    def holds(self, item):
        return self.cut(item, True) == self.cut(item, False)

    def cut(self, item, clipped):
        """The sides of an item, moved into the plot if this clips it."""
        if not clipped:
            return item.left, item.right, item.top, item.bottom
        return (
            max(item.left, self.left),
            min(item.right, self.right),
            max(item.top, self.top),
            min(item.bottom, self.bottom),
        )


def number(value, decimals):
    return "%.*f" % (decimals, round(value, decimals) + 0.0)  # no -0.000


def write_points(plot, points, decimals):
    return " ".join(number(plot.x(x), decimals) + "," + number(plot.y(y), decimals) for x, y in points)


def write_mark(plot, mark):
    if mark.kind == "line":
        assert mark.clipped or plot.holds(mark), "a line that leaves the plot"
        for part in mark.parts:
            print("line", mark.color, write_points(plot, part, 3))
        if mark.stroke != "1":
            print("stroke", mark.stroke)
    elif mark.kind == "fill":
        for part in mark.parts:
            left, right, top, bottom = plot.cut(Item("fill", None, [part]), mark.clipped)
            print("fill", mark.color, write_points(plot, [(left, bottom), (right, top)], 2))
    elif mark.kind == "image":
        (left, top), (right, bottom) = mark.parts[0]
        print("image", write_points(plot, [(left, bottom), (right, top)], 2))
        last = None
        for row in mark.pixels:
            colors = [color for i, color in enumerate(row) if i == 0 or color != row[i - 1]]
            cells = " ".join("#%02x%02x%02x" % color for color in colors)
            if cells != last:
                print("row", cells)
            last = cells
    else:
        left, right = number(plot.x(mark.left), 2), number(plot.x(mark.right), 2)
        height = number(plot.y(mark.base), 2)
        print(f"text {mark.color} '{mark.text}' left {left} right {right} height {height}")


def write_tick(plot, bar, tick, label):
    (x, y), end = tick.parts[0]
    name = f" '{label.text}'" if label else ""
    name += " minor" * (abs(end[0] - x) + abs(end[1] - y) < 2.5)
    if y < end[1]:
        assert abs(y - plot.bottom) < 0.01, "a tick that is not at the axis"
        below = not label or (abs(label.middle - x) < NEAR and label.top > end[1])
        assert below, f"label {name} is not below its tick"
        print("x", number(plot.x(x), 3) + name)
        return
    assert not label or abs(label.base - y) < NEAR, f"label {name} is not at the height of its tick"
    if end[0] < x:
        assert abs(x - plot.left) < 0.01, "a tick that is not at the axis"
        assert not label or label.right < end[0], f"label {name} is not left of its tick"
        print("y", number(plot.y(y), 3) + name)
    else:
        assert abs(x - bar.right) < 0.01, "a tick that is not at the colour bar"
        assert not label or label.left > end[0], f"label {name} is not right of its tick"
        print("bar", number(Plot(bar).y(y), 3) + name)


def write_entry(plot, samples, label, marks):
    name = f"the entry '{label.text}' of the legend"
    assert samples, name + " has no sample"
    for part in samples + [label]:
        for mark in marks:
            assert not hides(part, mark, plot), name + " lies on a mark"
    for sample in samples:
        beside = abs(sample.height - label.base) < NEAR and 0 < label.left - sample.right < 12
        assert beside, name + " is not beside its sample"
    print("legend", *(sample.look() for sample in samples), f"'{label.text}'")


def write_rest(plot, items, marks):
    """Ticks, the colour bar and the legend, which follow the frame."""
    bar, samples, skipped = None, [], None
    for item, after in zip(items, items[1:] + [None]):
        if item is skipped:
            continue
        if item.is_segment():
            skipped = after if after and after.kind == "text" and after.color == INK else None
            write_tick(plot, bar, item, skipped)
        elif item.kind == "image":
            bar = item
            assert plot.y(bar.bottom) < 0.001 and plot.y(bar.top) > 0.999, "the colour bar is too short"
            print("bar", *("#%02x%02x%02x" % item.pixels[row][0] for row in (-1, 0)))
        elif item.kind == "text" and item.color == BLACK:
            write_entry(plot, samples, item, marks)
            samples = []
        elif item.kind == "text":
            print(f"label '{item.text}'")
        elif item.color != INK:
            samples.append(item)


def main():
    items = join_texts(read_items(sys.argv[1], learn_alphabet()))
    frame = next(i for i, item in enumerate(items) if item.color == INK and not item.is_segment())
    plot = Plot(items[frame])
    for mark in items[:frame]:
        write_mark(plot, mark)
    write_rest(plot, items[frame + 1 :], items[:frame])


main()
