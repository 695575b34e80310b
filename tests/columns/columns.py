"""columns.py TOOLS: does every cell of every table hold what its column says?

Handmade networks (handmade.py) are saved as trajectories and run through all analysis tools, at an
epoch in the middle and at the last one. Every column of every table and every quantity is compared,
by name, with what numpy computes from the same weights by the definitions (definitions.py). A
table, column or quantity that is not defined there fails like one that is missing.

Not covered: the columns of UNCOMPARED; which digests a run has (but compare-runs must give those of
the tables); snapshots and runs without any cluster; attention of the kinds uniform and
softmax1-unnormalised; heads after the 16th, which activations.tsv leaves out; operations other than
add and subtract; checkpoints that do not say their epoch or settings.

TOOLS is the folder of the programs. Exit status: 0 if everything agrees, 1 otherwise.
"""

import configparser
import dataclasses
import math
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "interchange"))

import numpy

import definitions
import handmade
import plain_safetensors

UNCOMPARED = {"meaning": "prose"}
TOLERANCE = 1e-5  # float32 errors of these small networks stay below a third of it
failures = 0


def check(holds, what):
    global failures
    failures += not holds
    print(f"{'ok    ' if holds else 'FAILED'}  {what}")


def run_silently(name, command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    said = done.stderr.strip()
    check(done.returncode == 0 and not said, f"{name}: {command[0].name} runs {said}")


def listed_tables(program):
    """The names of the tables that an analysis writes, as it says itself."""
    done = subprocess.run([program, "--tables"], check=True, capture_output=True, text=True)
    return {line.split("\t")[0].removesuffix(".tsv") for line in done.stdout.splitlines()}


# ---- the networks ----

# Amplitudes are such that faults show: the losses of training and test pairs have their peaks at
# different snapshots and are halved at others than those of all pairs, one run answers right at
# first and another one never quite, two clusters are of one size, and so on.
ADDING = handmade.Design(
    settings={
        "data.modulus": "13",
        "data.operation": "add",
        "model.n_heads": "3",
        "model.attention": "softmax",
        "model.activation": "relu",
        "model.output_equals": "true",
    },
    keys=(5, 3),
    memory=2,
    phases=12,
    epochs=[0, 20, 50, 90, 140, 200, 270, 350, 440, 540, 650],
    answer=[0.1, -0.2, -0.31, -0.2, 0.3, 1.2, 2.0, 3.0, 4.5, 6.0, 7.0],
    memorised=[0.0, 0.5, 1.0, 2.0, 5.0, 7.0, 5.0, 2.0, 0.4, 0.1, 0.05],
    embedded=[0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.5, 1.6, 1.6],
    scattered=[2.5, 2.4, 2.2, 2.0, 1.9, 1.8, 1.6, 1.4, 1.2, 1.1, 1.1],
    mixed=[0, 0, 0, 0, 0, 0, 0.2, 0.5, 0.7, 0.8, 0.9],
    idle=[9, 20, 40, 50, 60, 55, 40, 30, 20, 10, 8],
)
RUNS = {
    "adding": ADDING,
    "another-seed": dataclasses.replace(
        ADDING,
        settings={**ADDING.settings, "train.seed": "1"},
        answer=[4.0] + [0.8 * x for x in ADDING.answer[1:]],
        memorised=ADDING.memorised[:-1] + [-0.4],
    ),
    "subtracting": dataclasses.replace(
        ADDING,
        settings={
            "data.modulus": "16",
            "data.operation": "subtract",
            "model.n_heads": "4",
            "model.attention": "softmax1",
            "model.activation": "gelu",
            "model.output_equals": "false",
        },
        keys=(3, 7),
        phases=14,
        answer=[0.1, -0.2, -0.32, -0.2, 0.2, 1.0, 2.0, 3.0, 3.8, 4.4, 4.7],
    ),
}
MIDDLE = 6  # analysed beside the last snapshot: the third frequency, no key, has its cluster there


class Run:
    """A handmade network as a file with its config.ini, and what numpy makes of it."""

    def __init__(self, name, design, tools, work):
        self.name, self.tools, self.folder = name, tools, work / name
        self.folder.mkdir()
        network = handmade.Handmade(design)
        self.settings = self.configure(network.settings())
        snapshots = [network.snapshot(t) for t in range(network.n_snapshots)]
        mask = network.train_mask()
        self.file = self.folder / "trajectory.safetensors"
        arrays = {name: numpy.stack([s[name] for s in snapshots]) for name in snapshots[0]}
        arrays |= {"epoch": numpy.array(design.epochs), "train_mask": mask}
        plain_safetensors.write(self.file, arrays, metadata=self.settings)
        self.epochs = design.epochs
        self.nets = [definitions.Snapshot(s, self.settings, mask) for s in snapshots]
        self.keys = self.nets[-1].keys()
        self.check_closed_forms(network)
        self.expected = {}  # {table: columns}, those of the last snapshot and of the whole run

    def configure(self, settings):
        """All settings: those, and defaults. Writes config.ini."""
        path = self.folder / "config.ini"
        words = [f"{name}={value}" for name, value in settings.items()]
        empty = self.folder / "empty.ini"
        empty.write_text("")
        command = [self.tools / "train", "--dump-config", path, empty, *words]
        subprocess.run(command, check=True)
        parser = configparser.ConfigParser()
        parser.read(path)
        return {f"{s}.{key}": value for s in parser.sections() for key, value in parser[s].items()}

    def check_closed_forms(self, network):
        """The definitions themselves, where the network was made to a formula."""
        close = all(
            numpy.allclose(found, expected, rtol=1e-6, atol=1e-6 * max(expected))
            for t, net in enumerate(self.nets)
            for found, expected in (
                (net.norms_of_W_E(), network.norms_of_W_E(t)),
                (net.norms_of_W_L(), network.norms_of_W_L(t)),
            )
        )
        check(close, f"{self.name}: W_E and W_L have the components that they were made of")
        check(
            set(network.design.keys) <= set(self.keys) and network.design.memory not in self.keys,
            f"{self.name}: key frequencies {self.keys}",
        )

    def run_tool(self, tool, *arguments):
        run_silently(self.name, [self.tools / tool, *arguments, self.file], self.folder)

    def check_folder(self, folder, tool, tables, title):
        """All tables of a folder, whose comments have this line: those that the tool lists."""
        found = {path.stem for path in (self.folder / folder).iterdir()}
        listed = listed_tables(self.tools / tool)
        check(found == listed, f"{self.name}/{folder}: the tables {sorted(found)}")
        check(set(tables) == listed, f"{self.name}/{folder}: {sorted(listed ^ set(tables))} undefined")
        for name in sorted(found & set(tables)):
            path = self.folder / folder / f"{name}.tsv"
            check_table(f"{self.name}/{folder}/{name}", Table(path), tables[name], title)

    def check_snapshot(self, index, options, folder):
        net, epoch = self.nets[index], self.epochs[index]
        title = f"mod {net.p}, at epoch {epoch}"
        for tool, tables in (
            ("checkpoint-to-spectrum", definitions.spectrum_tables(net, self.keys, epoch)),
            ("ablate", definitions.ablation_tables(net, self.keys, epoch)),
        ):
            self.run_tool(tool, "-o", f"{folder}-{tool}", *options)
            self.check_folder(f"{folder}-{tool}", tool, tables, title)
            self.expected |= tables
        trace = definitions.Trace(net, self.keys)
        self.run_tool("trace-algorithm", "-o", f"{folder}-trace", *options)
        self.check_folder(
            f"{folder}-trace",
            "trace-algorithm",
            definitions.trace_tables(net, self.keys),
            f"frequency k = {trace.k}, pair a = {trace.a}, b = {trace.b}, answer {trace.s}",
        )

    def check_progress(self):
        tables = definitions.progress_tables(self.nets, self.keys, self.epochs)
        (self.folder / "progress").mkdir()
        table = "progress/progress-measures.tsv"
        self.run_tool("progress-measures", "-o", table, "--tables", "progress")
        self.check_folder("progress", "progress-measures", tables, "")
        self.expected |= tables

    def check_all(self):
        self.check_snapshot(MIDDLE, ["--epoch", str(self.epochs[MIDDLE])], "middle")
        self.check_snapshot(-1, [], "last")
        self.check_progress()

    def gather(self):
        """config.ini and the tables of the last snapshot, for compare-runs."""
        folders = ("last-checkpoint-to-spectrum", "last-ablate", "progress")
        together = self.folder / "together" / self.name
        together.mkdir(parents=True)
        paths = [self.folder / "config.ini"]
        paths += [path for folder in folders for path in sorted((self.folder / folder).iterdir())]
        for path in paths:
            (together / path.name).write_bytes(path.read_bytes())
        return [together / path.name for path in paths]


# ---- tables ----


class Table:
    def __init__(self, path):
        lines = path.read_text().splitlines()
        self.comments = [line[2:] for line in lines if line.startswith("#")]
        self.names, *rows = (line.split("\t") for line in lines if not line.startswith("#"))
        self.columns = {name: [row[i] for row in rows] for i, name in enumerate(self.names)}


def as_columns(expected):
    """A table of quantities, which is {quantity: (value, unit)}, as columns."""
    if not all(isinstance(value, tuple) and len(value) == 2 for value in expected.values()):
        return expected
    values, units = zip(*expected.values())
    return {"quantity": list(expected), "value": values, "unit": units}


def differences(found, expected, alone, labels):
    """Texts on the cells of a column that differ. `alone`: each is held to its own size, not to
    that of the largest in the column. `labels` are names of the rows."""
    expected = list(expected)
    if len(found) != len(expected):
        return [f"{len(found)} rows, expected {len(expected)}"]
    if any(isinstance(value, str) for value in expected):
        pairs = enumerate(zip(found, expected))
        return [f"{labels[i]}: {x}, expected {y}" for i, (x, y) in pairs if x != y]
    found, expected = numpy.array(found, float), numpy.array(expected, float)
    sizes = numpy.abs(expected)
    bound = TOLERANCE * (sizes if alone else numpy.nanmax(sizes, initial=0))
    same = (numpy.abs(found - expected) <= bound) | (numpy.isnan(found) & numpy.isnan(expected))
    wrong = numpy.flatnonzero(~same)
    return [f"{labels[i]}: {found[i]:.9g}, expected {expected[i]:.9g}" for i in wrong]


def check_table(name, table, expected, title):
    expected = as_columns(expected)
    firsts, of_quantities = table.columns[table.names[0]], table.names[0] == "quantity"
    check(any(title in line for line in table.comments), f"{name}: the title has {title!r}")
    names = set(table.names) - set(UNCOMPARED)
    check(names == set(expected), f"{name}: the columns {names ^ set(expected) or ''}")
    if of_quantities and table.columns["quantity"] != expected["quantity"]:
        wrong = set(table.columns["quantity"]) ^ set(expected["quantity"])
        check(False, f"{name}: the quantities {wrong or 'in another order'}")
        return
    labels = [cell if of_quantities else f"row {i}" for i, cell in enumerate(firsts)]
    for column in sorted(names & set(expected)):
        texts = differences(table.columns[column], expected[column], of_quantities, labels)
        rest = f", and {len(texts) - 1} more" if len(texts) > 1 else ""
        check(not texts, f"{name}: {column} {texts[0] + rest if texts else ''}")


# ---- compare-runs ----


def quantity(table, name):
    return lambda run: run.expected[table][name][0]


def crossed(table, column, tested, holds):
    """The cell of a column in the first row in which the condition holds; nan if it never does."""

    def find(run):
        columns = run.expected[table]
        return definitions.first(columns[column], map(holds, columns[tested]))

    return find


# What compare-runs is asked for, and what it has to answer for a run. A bound that a cell meets is
# neither above nor below.
COMPARED = {
    "optimizer.epsilon": lambda run: float(run.settings["optimizer.epsilon"]),
    "squared_weights": quantity("spectrum-quantities", "squared_weights"),
    "loss": quantity("ablation-quantities", "loss"),
    "gini_W_L": quantity("spectrum-quantities", "gini_W_L"),
    "generalised": quantity("progress-quantities", "generalised"),
    "keys=key-frequencies:frequency": lambda run: ",".join(map(str, run.keys)),
    "sine=spectrum:W_L_sin@frequency>2": lambda run: run.expected["spectrum"]["W_L_sin"][3],
    "unkeyed=attention-fits:head@key<1": crossed(
        "attention-fits", "head", "key", lambda key: key < 1
    ),
    "fell=progress-measures:epoch@test_loss<0.3": crossed(
        "progress-measures", "epoch", "test_loss", lambda loss: loss < 0.3
    ),
    "rose=progress-measures:train_loss@gini_W_E>0.43": crossed(
        "progress-measures", "train_loss", "gini_W_E", lambda gini: gini > 0.43
    ),
    "end=progress-measures:restricted_loss@last": lambda run: run.expected["progress-measures"][
        "restricted_loss"
    ][-1],
}


def differing_settings(runs):
    return [s for s in runs[0].settings if len({run.settings[s] for run in runs}) > 1]


def compared(runs, requests):
    """{column: values by run}"""
    columns = {"run": [run.name for run in runs]}
    for setting in differing_settings(runs):
        columns[setting] = [run.settings[setting] for run in runs]
    for request, answer in requests.items():
        columns[request.split("=")[0]] = [answer(run) for run in runs]
    return columns


def summary(numbers):
    """median, min and max; nan counts as more than every number."""
    numbers = sorted(numbers, key=lambda x: math.inf if math.isnan(x) else x)
    n = len(numbers)
    return (numbers[(n - 1) // 2] + numbers[n // 2]) / 2, numbers[0], numbers[-1]


def summarised(groups, requests):
    """The same with a row for each group of runs that differ in train.seed alone."""
    firsts = [group[0] for group in groups]
    columns = {"run": [",".join(run.name for run in group) for group in groups]}
    columns["runs"] = [len(group) for group in groups]
    for setting in differing_settings([run for group in groups for run in group]):
        if setting != "train.seed":
            columns[setting] = [run.settings[setting] for run in firsts]
    for request, answer in requests.items():
        parts = zip(*(summary([answer(run) for run in group]) for group in groups))
        for part, values in zip(("median", "min", "max"), parts):
            columns[f"{request.split('=')[0]}_{part}"] = values
    return columns


def in_tex(value):
    """A cell as LaTeX."""
    if isinstance(value, str):
        words = value.split(",")
        return ", ".join(x if definitions.number(x) is None else f"${x}$" for x in words)
    if math.isnan(value):
        return "--"
    digits, _, exponent = f"{value:.3g}".partition("e")
    if value == int(value):
        return f"${value:.0f}$"
    return rf"${digits} \times 10^{{{int(exponent)}}}$" if exponent else f"${digits}$"


def check_header(name, table, runs):
    for run in runs:
        own = Table(run.folder / "progress" / "progress-measures.tsv").comments
        line = next(line for line in own if line.startswith("run: "))
        check(f"{run.name} is {line}" in table.comments, f"{name}: the digests of {run.name}")


def check_compared(runs, work, tools):
    files = [path for run in runs for path in run.gather()]
    names = list(COMPARED)
    out, tex = work / "compared.tsv", work / "compared.tex"
    command = [tools / "compare-runs", "--settings", "-c", " ".join(names), "--tex", tex, "-o", out]
    run_silently("compared", [*command, *files], work)
    expected = compared(runs, COMPARED)
    check_table("compared", Table(out), expected, "Runs side by side")
    check_header("compared", Table(out), runs)
    rows = [" & ".join(map(in_tex, row)) + r" \\" for row in zip(*expected.values())]
    lines = [line.replace(r"\_", "_") for line in tex.read_text().splitlines()]
    check(lines[2:-1] == rows, f"compared: rows in LaTeX {set(lines[2:-1]) ^ set(rows) or ''}")


def check_summarised(runs, work, tools):
    files = [path for run in runs for path in (run.folder / "together" / run.name).iterdir()]
    numbers = {name: x for name, x in COMPARED.items() if not name.startswith(("keys", "optim"))}
    out = work / "summarised.tsv"
    command = [tools / "compare-runs", "--over", "train.seed", "-c", " ".join(numbers), "-o", out]
    run_silently("summarised", [*command, *files], work)
    expected = summarised([runs[:2], runs[2:]], numbers)
    check_table("summarised", Table(out), expected, "Runs side by side")
    check_header("summarised", Table(out), runs)


def main():
    tools = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        runs = [Run(name, design, tools, work) for name, design in RUNS.items()]
        for run in runs:
            run.check_all()
        check_compared(runs, work, tools)
        check_summarised(runs, work, tools)
    print(f"{failures} checks failed" if failures else "all as it should be")
    return 1 if failures else 0


sys.exit(main())
