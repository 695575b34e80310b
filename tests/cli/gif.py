"""Reads an animated GIF as render-film writes it, with nothing but Python.

gif.py FILE.gif: prints its size, its number of frames, how long they are shown, how often the whole is
repeated, and its comments. gif.py FILE.gif EPOCHS.tsv: fails besides if it is not a film as it should be:
a frame for each epoch of the table, one palette, the same axes in all frames, something that moves, and
at most four megabytes. Fails on what is no GIF."""

import sys


class Gif:
    def __init__(self, data):
        assert data[:6] == b"GIF89a", data[:6]
        self.data, self.place = data, 6
        self.width, self.height = self.number(), self.number()
        flags = self.byte()
        self.place += 2  # background, shape of pixels
        self.palette = self.colors(flags)
        self.frames, self.delays, self.comments = [], [], []  # frames: rows of colours, one after another
        self.own_palettes, self.repeats, self.control = 0, None, (0, None)
        while (kind := self.byte()) != 0x3B:
            assert kind in (0x21, 0x2C), hex(kind)
            self.extension() if kind == 0x21 else self.image()
        assert self.place == len(data), "bytes after the end"

    def byte(self):
        self.place += 1
        return self.data[self.place - 1]

    def number(self):
        return self.byte() + 256 * self.byte()

    def colors(self, flags):
        if not flags & 0x80:
            return None
        start, n = self.place, 2 << (flags & 7)
        self.place += 3 * n
        return [tuple(self.data[start + 3 * i : start + 3 * i + 3]) for i in range(n)]

    def blocks(self):
        content = b""
        while size := self.byte():
            content += self.data[self.place : self.place + size]
            self.place += size
        return content

    def extension(self):
        label, content = self.byte(), self.blocks()
        if label == 0xF9:
            clear = content[3] if content[0] & 1 else None
            assert content[0] >> 2 & 7 == 1, "a frame does not stay under the next one"
            self.control = content[1] + 256 * content[2], clear
        elif label == 0xFE:
            self.comments.append(content.decode())
        elif label == 0xFF and content.startswith(b"NETSCAPE2.0"):
            self.repeats = content[12] + 256 * content[13]

    def image(self):
        left, top, width, height = (self.number() for _ in range(4))
        flags = self.byte()
        assert not flags & 0x40, "interlaced"
        self.own_palettes += self.colors(flags) is not None
        assert left + width <= self.width and top + height <= self.height, "a frame sticks out"
        indices = decode(self.byte(), self.blocks())
        assert len(indices) == width * height, (len(indices), width, height)
        delay, clear = self.control
        frame = list(self.frames[-1]) if self.frames else [None] * (self.width * self.height)
        for y in range(height):
            start = (top + y) * self.width + left
            for x, index in enumerate(indices[y * width : (y + 1) * width]):
                if index != clear:
                    frame[start + x] = self.palette[index]
        assert None not in frame, "pixels without colour"
        self.frames.append(frame)
        self.delays.append(delay)


def codes(least, data):
    """The codes of the data, of the width that decode() asks for."""
    value, bits, place, width = 0, 0, 0, least + 1
    while True:
        while bits < width:
            value |= data[place] << bits
            place += 1
            bits += 8
        width_next = yield value & (1 << width) - 1
        value >>= width
        bits -= width
        width = width_next or width


def decode(least, data):
    """The indices that were compressed (LZW)."""
    clear, end = 1 << least, (1 << least) + 1
    first = [bytes([i]) for i in range(clear)] + [b"", b""]
    source, found = codes(least, data), []
    table, previous, code = list(first), None, next(source)
    while code != end:
        if code == clear:
            table, previous, width = list(first), None, least + 1
        else:
            entry = table[code] if code < len(table) else previous + previous[:1]
            found.append(entry)
            if previous is not None and len(table) < 4096:
                table.append(previous + entry[:1])
            previous = entry
            width = min(12, len(table).bit_length())
        code = source.send(width)
    return b"".join(found)


def axes(gif):
    """The places of pixels in the lines of axes: straight lines of dark ink in the first frame."""
    frame, width = gif.frames[0], gif.width
    dark = [max(color) < 80 and max(color) - min(color) < 8 for color in frame]
    rows = [range(y * width, (y + 1) * width) for y in range(gif.height)]
    columns = [range(x, width * gif.height, width) for x in range(width)]
    found = set()
    for line in rows + columns:
        run = []
        for place in [*line, None]:
            if place is not None and dark[place]:
                run.append(place)
                continue
            if len(run) >= 50:
                found.update(run)
            run = []
    return found


def differ(a, b):
    """By more than what shines through an axis around a map, and the palette's rounding."""
    return max(abs(x - y) for x, y in zip(a, b)) > 40


def check_film(gif, epochs, size):
    lines = axes(gif)
    assert len(gif.frames) == epochs, f"{len(gif.frames)} frames of {epochs} epochs"
    assert gif.palette and gif.own_palettes == 0, "not one palette"
    assert size <= 4_000_000, f"{size} bytes"
    assert len(lines) > 100, "no axes"
    for i, frame in enumerate(gif.frames):
        moved = sum(differ(frame[place], gif.frames[0][place]) for place in lines)
        assert not moved, f"axes move in frame {i + 1}: {moved} pixels of {len(lines)}"
    assert all(a != b for a, b in zip(gif.frames, gif.frames[1:])), "two frames are the same"


def main():
    with open(sys.argv[1], "rb") as stream:
        data = stream.read()
    gif = Gif(data)
    print(f"{gif.width} by {gif.height}, {len(gif.frames)} frames")
    print("hundredths", *sorted(set(gif.delays[:-1])), "and", gif.delays[-1])
    print("repeats", "for ever" if gif.repeats == 0 else gif.repeats)
    for comment in gif.comments:
        print("comment", comment)
    if len(sys.argv) > 2:
        with open(sys.argv[2]) as table:
            rows = [line.split("\t") for line in table if not line.startswith("#")]
        place = rows[0].index("epoch")
        check_film(gif, len({row[place] for row in rows[1:]}), len(data))


if __name__ == "__main__":
    main()
