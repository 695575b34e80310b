"""interchange.py TOOLS RUN: can other software read our files, and we its files?

Export: a trajectory is read with numpy alone (plain_safetensors.py), the textbook network
(textbook.py) is run on its weights in double precision, and losses and accuracies must agree with
the run's tables to within float32 errors; README's lines for tables in numpy must read one. Import:
the last snapshot is saved as a PyTorch user would save it, and the tools must compute from it the
same tables as from the trajectory; with a split of its own, the losses must be those of that split.

RUN is the folder of a finished run with its tables, TOOLS that of the programs. Exit status: 0 if
everything agrees, 1 otherwise, 77 (CTest: skipped) if this cannot be tested.
"""

import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

import plain_safetensors
import textbook

SKIPPED = 77
failures = 0


def check(holds, what):
    global failures
    failures += not holds
    print(f"{'ok    ' if holds else 'FAILED'}  {what}")


def read_table(path):
    """The rows below the column names, as lists of texts, and the names."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    names, *rows = (line.split("\t") for line in lines)
    return rows, names


class Run:
    def __init__(self, directory):
        self.directory = directory
        arrays, self.settings = plain_safetensors.read(directory / "trajectory.safetensors")
        self.epochs, self.train_mask = arrays.pop("epoch"), arrays.pop("train_mask")
        self.parameters = arrays
        self.p = int(self.settings["data.modulus"])
        numbers = numpy.arange(self.p)
        self.answers = (numpy.add.outer(numbers, numbers) % self.p).ravel()

    def snapshot(self, index):
        return {name: array[index] for name, array in self.parameters.items()}

    def row(self, table, epoch):
        """One row of one of its tables, {column: number}; None where the epoch has none."""
        rows, names = read_table(self.directory / table)
        for row in rows:
            if float(row[0]) == epoch:
                return dict(zip(names, map(float, row)))
        return None


# ---- outwards ----


def check_split(run):
    """The training pairs are those of the authors' two lines of Python."""
    pairs = [(a, b) for a in range(run.p) for b in range(run.p)]
    random.seed(int(run.settings["data.seed"]))
    random.shuffle(pairs)
    n_train = int(float(run.settings["data.train_fraction"]) * len(pairs))
    trained = {(int(a), int(b)) for a, b in numpy.argwhere(run.train_mask)}
    check(trained == set(pairs[:n_train]), f"train_mask is this Python's split: {n_train} pairs")


def check_row(run, table, epoch, n_logits, logits, deviations):
    row = run.row(table, epoch)
    if row is None:
        return
    for name, pairs in ("train", run.train_mask.ravel()), ("test", ~run.train_mask.ravel()):
        own = textbook.Performance(
            logits[pairs, :n_logits], deviations[pairs, :n_logits], run.answers[pairs]
        )
        difference = abs(row[f"{name}_loss"] / own.loss - 1)
        check(
            difference <= own.tolerance,
            f"epoch {epoch}, {n_logits} logits, {name} loss {own.loss:.9g}: "
            f"{table} is off by {difference:.1e} of {own.tolerance:.1e} that float32 explains",
        )
        correct = row[f"{name}_accuracy"] * own.pairs
        check(
            abs(correct - own.correct) <= own.undecided + 1e-6,
            f"epoch {epoch}, {n_logits} logits, {name} accuracy: {correct:.0f} of {own.pairs}",
        )


def chosen_snapshots(run):
    """The first, the middle one of memorisation, the last: as many as are different."""
    rows, names = read_table(run.directory / "progress-measures.tsv")
    phases = [int(float(row[names.index("phase")])) for row in rows]
    return sorted({0, phases.count(0) // 2, len(phases) - 1})


def check_outwards(run):
    check_split(run)
    for index in chosen_snapshots(run):
        logits, deviations = textbook.all_logits(run.snapshot(index), run.p)
        epoch = int(run.epochs[index])
        check_row(run, "history.tsv", epoch, logits.shape[1], logits, deviations)
        check_row(run, "progress-measures.tsv", epoch, run.p, logits, deviations)


def check_readme(directory):
    """README's lines for tables in numpy, as they stand there, on this run's tables."""
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    blocks = [text.split("```")[0] for text in readme.split("```python\n")[1:]]
    code = next(block for block in blocks if "genfromtxt" in block)
    names = {}
    exec(code.replace("build/paper/runs/mainline", str(directory)), names)
    rows, columns = read_table(directory / "history.tsv")
    history = names["history"]
    same = history.dtype.names == tuple(columns) and len(history) == len(rows)
    same = same and [list(row) for row in history] == [list(map(float, row)) for row in rows]
    check(same, "README's numpy.genfromtxt reads all of history.tsv")


# ---- inwards ----

# What each tool is asked for, and which tables it writes.
COMMANDS = {
    "checkpoint-to-spectrum": ["-o", "."],
    "ablate": ["-o", "."],
    "progress-measures": ["-o", "progress-measures.tsv", "--tables", "."],
}
BY_SNAPSHOT = ("progress-measures", "cosine-coefficients", "excluded-by-frequency")
OF_THE_WHOLE_RUN = ("progress-quantities",)


def analyse(tools, file, folder, settings):
    """Runs all tools on a file; the folder of their tables, or None when one failed."""
    folder.mkdir()
    for tool, options in COMMANDS.items():
        done = subprocess.run(
            [tools / tool, *options, file, *settings], cwd=folder, capture_output=True, text=True
        )
        if done.returncode != 0:
            check(False, f"{tool} of {file.name}: {done.stderr.strip()}")
            return None
    return folder


def rows_of_last_snapshot(path):
    """What a table says of the last snapshot. Left out: the epoch and the phase, for a checkpoint
    without an epoch counts as epoch 0 and a phase is one of the whole run, and how it was trained,
    which the weights do not tell."""
    rows, names = read_table(path)
    if path.stem in BY_SNAPSHOT:
        rows = [row for row in rows if row[0] == rows[-1][0]]
        kept = [i for i, name in enumerate(names) if name not in ("epoch", "phase")]
        rows = [[row[i] for i in kept] for row in rows]
    if names[0] == "quantity":
        rows = [row for row in rows if not row[0].startswith(("epoch", "train.", "optimizer."))]
    return names, rows


def check_same_tables(found, expected, what):
    if not found:
        return
    tables = sorted(t for t in found.glob("*.tsv") if t.stem not in OF_THE_WHOLE_RUN)
    different = [
        table.name
        for table in tables
        if rows_of_last_snapshot(table) != rows_of_last_snapshot(expected / table.name)
    ]
    check(
        tables and not different,
        f"{what}: {len(tables)} tables"
        + (f", other texts in {', '.join(different)}" if different else " with the same texts"),
    )


def as_transformer_lens_has_it(parameters):
    """With the entries of HookedTransformer's state_dict that this network has no use for."""
    H, d_model, d_head = parameters["blocks.0.attn.W_Q"].shape
    zero = {f"blocks.0.attn.b_{x}": (H, d_head) for x in "QKV"}
    zero["blocks.0.attn.b_O"] = (d_model,)
    zero["unembed.b_U"] = parameters["unembed.W_U"].shape[1:]
    return {
        **parameters,
        **{name: numpy.zeros(shape, numpy.float32) for name, shape in zero.items()},
        "blocks.0.attn.mask": numpy.tril(numpy.ones((3, 3), bool)),
        "blocks.0.attn.IGNORE": numpy.array(-numpy.inf, numpy.float32),
    }


def bfloat16(array):
    """The upper halves of float32's bits: cut off, not rounded, which is as good here."""
    return (array.view("<u4") >> 16).astype("<u2")


def float32_of_bfloat16(bits):
    return (bits.astype("<u4") << 16).view("<f4")


def narrow_versions(parameters):
    """By dtype, arrays that have it and float32 ones of the same values."""
    double = {name: array.astype("<f8") for name, array in parameters.items()}
    half = {name: array.astype("<f2") for name, array in parameters.items()}
    brain = {name: bfloat16(array) for name, array in parameters.items()}
    return {
        "F64": (double, parameters),
        "F16": (half, {name: array.astype("<f4") for name, array in half.items()}),
        "BF16": (brain, {name: float32_of_bfloat16(bits) for name, bits in brain.items()}),
    }


def check_own_split(run, tools, parameters, work):
    """A split of the checkpoint's own, no setting given: training and test pairs exchanged."""
    file = work / "split.safetensors"
    plain_safetensors.write(file, {**parameters, "train_mask": ~run.train_mask})
    folder = analyse(tools, file, work / "split", [])
    if not folder:
        return
    (values,), names = read_table(folder / "progress-measures.tsv")
    found = dict(zip(names, map(float, values)))
    own = run.row("progress-measures.tsv", int(run.epochs[-1]))
    for name, other in ("train_loss", "test_loss"), ("test_loss", "train_loss"):
        check(
            abs(found[name] / own[other] - 1) < 1e-6,
            f"a split of its own, {name}: {found[name]:.9g}, which was the {other}",
        )


def check_inwards(run, tools, work):
    parameters = {name: numpy.ascontiguousarray(a) for name, a in run.snapshot(-1).items()}
    split = [f"{key}={run.settings[key]}" for key in ("data.seed", "data.train_fraction")]

    def tables_of(name, arrays, dtype="F32"):
        file = work / f"{name}.safetensors"
        plain_safetensors.write(file, arrays, dtype)
        return analyse(tools, file, work / name, split)

    own = tables_of("parameters", parameters)
    check_same_tables(own, run.directory, "the parameters alone, and the last snapshot")
    lens = tables_of("state_dict", as_transformer_lens_has_it(parameters))
    check_same_tables(lens, run.directory, "as TransformerLens has them, and the last snapshot")
    check_own_split(run, tools, parameters, work)
    for dtype, (arrays, as_float32) in narrow_versions(parameters).items():
        found = tables_of(dtype, arrays, dtype)
        expected = own if as_float32 is parameters else tables_of(f"{dtype}-as-F32", as_float32)
        check_same_tables(found, expected or work, f"saved as {dtype}, and its values as F32")


# ---- the test ----


def reason_to_skip(directory):
    if not (directory / "progress-quantities.tsv").exists():
        return "nothing is built that could be read: ninja mainline"
    _, settings = plain_safetensors.read(directory / "trajectory.safetensors")
    kind = {"data.operation": "add", "model.attention": "softmax", "model.activation": "relu"}
    other = [f"{key}={settings[key]}" for key, value in kind.items() if settings[key] != value]
    return f"the textbook network of this test is of another kind: {other[0]}" if other else None


def main():
    tools, directory = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    reason = reason_to_skip(directory)
    if reason:
        print(reason)
        return SKIPPED
    run = Run(directory)
    check_outwards(run)
    check_readme(directory)
    with tempfile.TemporaryDirectory() as work:
        check_inwards(run, tools, Path(work))
    print(f"{failures} checks failed" if failures else "all as it should be")
    return 1 if failures else 0


sys.exit(main())
