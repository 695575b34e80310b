"""event_files.py TRAIN: does `train --tensorboard` write what TensorBoard reads?

Debian has no TensorBoard. Its event files are TFRecords of messages in protocol buffers' encoding: here
Google's own decoder reads them by TensorFlow's message definitions, of which the fields in use stand
below, and crcmod computes the checksums. If the package tensorboard is installed, its EventAccumulator
reads them, too.

Exit status: 0 when all is as it should be, 77 without python3-crcmod, 1 otherwise.
"""

import importlib.util
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.message_factory import MessageFactory

SETTINGS = ["data.modulus=7", "model.d_model=8", "model.n_heads=2", "model.d_head=4"]
SETTINGS += ["model.d_mlp=16", "train.snapshot_every=1000"]
DOUBLE, FLOAT, INT64, INT32, STRING, BYTES = 1, 2, 3, 5, 9, 12
MESSAGES = {  # tensorflow/core/util/event.proto, framework/summary.proto, tensor.proto
    "Event": {"wall_time": (1, DOUBLE), "step": (2, INT64), "file_version": (3, STRING), "summary": (5, "Summary")},
    "Summary": {"value": (1, ["Value"])},
    "Value": {"tag": (1, STRING), "simple_value": (2, FLOAT), "tensor": (8, "Tensor"), "metadata": (9, "Metadata")},
    "Metadata": {"plugin_data": (1, "Plugin"), "data_class": (4, INT32)},
    "Plugin": {"plugin_name": (1, STRING)},
    "Tensor": {"dtype": (1, INT32), "tensor_shape": (2, "Shape"), "string_val": (8, [BYTES])},
    "Shape": {"dim": (2, ["Dim"])},
    "Dim": {"size": (1, INT64)},
}
failures = 0


def check(holds, what):
    global failures
    failures += not holds
    print(f"{'ok    ' if holds else 'FAILED'}  {what}")


def event_class():
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="t", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            repeated = isinstance(kind, list)
            kind = kind[0] if repeated else kind
            added = message.field.add(name=field, number=number, label=3 if repeated else 1)
            added.type = 11 if isinstance(kind, str) else kind
            if isinstance(kind, str):
                added.type_name = f".t.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName("t.Event"))


def masked(crc32c, data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def unknown_fields(message):
    """How many fields of a message, and of those in it, have numbers that are not above."""
    parts = [part for field, part in message.ListFields() if field.message_type]
    parts = [one for part in parts for one in (part if hasattr(part, "__len__") else [part])]
    return len(message.UnknownFields()) + sum(unknown_fields(part) for part in parts)


def read(path, crc32c):
    """The events of a file, whose checksums must be right."""
    data, at, events, Event = path.read_bytes(), 0, [], event_class()
    while at < len(data):
        (size, of_size) = struct.unpack_from("<QI", data, at)
        message = data[at + 12 : at + 12 + size]
        (of_message,) = struct.unpack_from("<I", data, at + 12 + size)
        right = of_size == masked(crc32c, data[at : at + 8]) and of_message == masked(crc32c, message)
        if not right:
            check(False, f"{path.name}: a wrong checksum at byte {at}")
        event = Event()
        event.ParseFromString(message)
        if unknown_fields(event):
            check(False, f"{path.name}: fields that are not TensorFlow's at byte {at}")
        events.append(event)
        at += 16 + size
    return events


def history(path):
    rows = [line.split("\t") for line in path.read_text().splitlines() if line[0] != "#"]
    return [dict(zip(rows[0], map(float, row))) for row in rows[1:]]


def check_events(events, folder, what):
    version, configuration, rows = events[0], events[1].summary.value[0], events[2:]
    check(version.file_version == "brain.Event:2", f"{what}: the version")
    text = configuration.tensor.string_val[0].decode()
    check(
        configuration.metadata.plugin_data.plugin_name == "text"
        and configuration.tensor.dtype == 7
        and [dim.size for dim in configuration.tensor.tensor_shape.dim] == [1]
        and text.startswith("```ini\n[data]\n")
        and "\nseed = 0\n" in text,
        f"{what}: the configuration as text",
    )
    wanted = history(folder / "history.tsv")
    check(len(rows) == len(wanted), f"{what}: {len(rows)} rows of {len(wanted)}")
    right = all(abs(event.wall_time - time.time()) < 600 for event in events)
    for event, row in zip(rows, wanted):
        found = {value.tag: value.simple_value for value in event.summary.value}
        columns = {f"{kind}/{of}": f"{of}_{kind}" for kind in ("loss", "accuracy") for of in ("train", "test")}
        columns |= {f"token_loss/{of}_{i}": f"{of}_loss_{i}" for of in ("train", "test") for i in range(10)
                    if f"{of}_loss_{i}" in row}
        right = right and event.step == row["epoch"] and set(found) == set(columns)
        right = right and all(abs(found[tag] - row[name]) <= 1e-6 * abs(row[name]) for tag, name in columns.items())
    check(right, f"{what}: the numbers of the history, at its epochs")


def check_tensorboard(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder / "events"), size_guidance={"scalars": 0})
    accumulator.Reload()
    wanted = history(folder / "history.tsv")
    found = accumulator.Scalars("loss/test")
    check([event.step for event in found] == [row["epoch"] for row in wanted], "TensorBoard: the epochs")
    check("configuration" in accumulator.Tags()["tensors"], "TensorBoard: the configuration")


def run(train, folder, *settings):
    done = subprocess.run(
        [train, "-q", "-o", folder, "--tensorboard", folder / "events", *settings],
        capture_output=True, text=True,
    )
    check(done.returncode == 0, f"train {' '.join(settings[-3:])} {done.stderr.strip()[-200:]}")


def main():
    train = Path(sys.argv[1]).resolve()
    if not importlib.util.find_spec("crcmod"):
        print("crcmod is not installed: python3-crcmod")
        return 77
    import crcmod.predefined

    crc32c = crcmod.predefined.mkPredefinedCrcFun("crc-32c")
    name = "events.out.tfevents.0.train"
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "run"
        run(train, folder, *SETTINGS, "train.epochs=500")
        check_events(read(folder / "events" / name, crc32c), folder, "a run")
        run(train, folder, *SETTINGS, "train.epochs=730")
        check_events(read(folder / "events" / name, crc32c), folder, "a run that went on")
        if importlib.util.find_spec("tensorboard"):
            check_tensorboard(folder)
        digits = ["data.task=digits", "data.digits=1", "train.batch_size=8", "model.d_model=8",
                  "model.n_heads=2", "model.d_head=4", "model.d_mlp=16", "data.test_examples=16",
                  "train.epochs=100"]
        run(train, Path(work) / "digits", *digits)
        check_events(read(Path(work) / "digits" / "events" / name, crc32c), Path(work) / "digits", "digits")
        (Path(work) / "list").write_text("one train.seed=1\ntwo train.seed=2\n")
        done = subprocess.run([train, "-q", "--runs", "list", "--tensorboard", "events", *SETTINGS,
                               "train.epochs=100"], cwd=work, capture_output=True, text=True)
        check(done.returncode == 0, f"several runs {done.stderr.strip()[-200:]}")
        for one in "one", "two":
            check_events(read(Path(work) / "events" / one / name, crc32c), Path(work) / one, one)
    print(f"{failures} checks failed" if failures else "all as it should be")
    return 1 if failures else 0


sys.exit(main())
