"""Reads a PNG as render-figure writes it: RGB, eight bits, not interlaced.

png.py FILE.png: prints its size, its colours that are on more than a hundredth of the pixels, and its
text chunks as "TYPE KEYWORD: TEXT". Fails on a wrong checksum."""
import struct
import sys
import zlib
from collections import Counter


def chunks(data):
    """The kind and content of each chunk."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n", data[:8]
    place, kind = 8, None
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kind, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        (crc,) = struct.unpack_from(">I", data, place + 8 + length)
        assert crc == zlib.crc32(kind + content), kind
        yield kind, content
        place += 12 + length
    assert kind == b"IEND", kind


def pixels(data):
    """Rows, the upper one first, of colours (red, green, blue)."""
    parts = list(chunks(data))
    width, height, *form = struct.unpack(">IIBBBBB", parts[0][1])
    assert form == [8, 2, 0, 0, 0], form
    raw = zlib.decompress(b"".join(content for kind, content in parts if kind == b"IDAT"))
    size, rows, above = 3 * width, [], bytes(3 * width)
    for y in range(height):
        filtered = raw[y * (size + 1)]
        row = bytearray(raw[y * (size + 1) + 1 : (y + 1) * (size + 1)])
        for i in range(size):
            left, corner = (row[i - 3], above[i - 3]) if i >= 3 else (0, 0)
            row[i] = (row[i] + predict(filtered, left, above[i], corner)) % 256
        rows.append([tuple(row[i : i + 3]) for i in range(0, size, 3)])
        above = row
    return rows


def predict(filtered, left, up, corner):
    if filtered < 4:
        return (0, left, up, (left + up) // 2)[filtered]
    return min((left, up, corner), key=lambda value: abs(left + up - corner - value))


def text(kind, content):
    keyword, value = content.split(b"\0", 1)
    if kind == b"iTXt":
        assert value.startswith(b"\0\0\0\0"), value  # not compressed; no language, no translation
        value = value[4:]
    return f"{kind.decode()} {keyword.decode()}: {value.decode('utf-8')}"


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as stream:
        picture = stream.read()
    grid = pixels(picture)
    lines = [f"{len(grid[0])} by {len(grid)}"]
    counts = Counter(color for row in grid for color in row)
    common = sorted(color for color, n in counts.items() if 100 * n > len(grid) * len(grid[0]))
    lines += ["color #%02x%02x%02x" % color for color in common]
    lines += [text(kind, content) for kind, content in chunks(picture) if kind in (b"tEXt", b"iTXt")]
    sys.stdout.buffer.write("".join(line + "\n" for line in lines).encode("utf-8"))
