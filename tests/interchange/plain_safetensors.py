"""Reads and writes safetensors files with numpy alone, following the published format description:

  8 bytes   N, the length of the header, unsigned, little-endian
  N bytes   a JSON object: name -> {"dtype", "shape", "data_offsets": [begin, end]}; the text entries
            of the file under "__metadata__"
  the rest  the arrays, little-endian, row-major; offsets count from its first byte

An independent implementation that shares nothing with tools/tensor: each must read what the other
writes.
"""

import json

import numpy

DTYPES = {
    "F64": numpy.dtype("<f8"),
    "F32": numpy.dtype("<f4"),
    "F16": numpy.dtype("<f2"),
    "BF16": numpy.dtype("<u2"),  # which numpy does not know: the bits
    "I64": numpy.dtype("<i8"),
    "BOOL": numpy.dtype("bool"),
}


def read(path):
    """The arrays of a file, {name: array}, left in the file until used, and its metadata."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    metadata = header.pop("__metadata__", {})
    data = numpy.memmap(path, numpy.uint8, "r", offset=8 + length)
    arrays = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        arrays[name] = data[begin:end].view(DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return arrays, metadata


def write(path, arrays, dtype="F32", metadata=None):
    """Writes arrays as they are; `dtype` is what their elements are called, but for those that are
    not floating-point numbers. `metadata` are texts by name."""
    header, pieces, end = {}, [], 0
    if metadata:
        header["__metadata__"] = metadata
    for name, array in arrays.items():
        own = {"bool": "BOOL", "int64": "I64"}.get(array.dtype.name, dtype)
        assert array.dtype == DTYPES[own], f"{name} is of {array.dtype}, not of {own}"
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": own, "shape": array.shape, "data_offsets": [begin, end]}
        pieces.append(array.tobytes())
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        file.writelines(pieces)
