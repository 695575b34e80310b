"""png_texts.py FILE.png: prints the text chunks as "TYPE KEYWORD: TEXT"; fails on a wrong checksum."""
import struct
import sys
import zlib

with open(sys.argv[1], "rb") as stream:
    data = stream.read()
place = 8
while place < len(data):
    (length,) = struct.unpack_from(">I", data, place)
    kind, content = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
    (crc,) = struct.unpack_from(">I", data, place + 8 + length)
    assert crc == zlib.crc32(kind + content), kind
    if kind in (b"tEXt", b"iTXt"):
        keyword, text = content.split(b"\0", 1)
        if kind == b"iTXt":
            assert text.startswith(b"\0\0\0\0"), text  # not compressed; no language, no translation
            text = text[4:]
        out = f"{kind.decode()} {keyword.decode()}: {text.decode('utf-8')}\n"
        sys.stdout.buffer.write(out.encode("utf-8"))
    place += 12 + length
assert kind == b"IEND", kind
