"""columns.py TOOLS: does every cell of every table hold what its column says?

Handmade networks (handmade.py) are saved as trajectories and run through all analysis tools, at an
epoch in the middle and at the last one. Every column of every table and every quantity is compared,
by name, with what numpy computes from the same weights by the definitions (definitions.py). A
table, column or quantity that is not defined there fails like one that is missing.

Not covered: the columns of UNCOMPARED (tables.py); which digests a run has (but compare-runs must give those of
the tables); snapshots and runs without any cluster; attention of the kinds uniform and
softmax1-unnormalised; heads after the 16th, which activations.tsv leaves out; quadratic and random
answers and those of a table; checkpoints that do not say their epoch or settings.

TOOLS is the folder of the programs. Exit status: 0 if everything agrees, 1 otherwise.
"""

import dataclasses
import itertools
import math
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "interchange"))

import numpy

import definitions
import handmade
import plain_safetensors
import tables
from tables import Table, check, check_folder, check_table, run_silently

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
    idle=[9, 62, 55, 44, 43, 41, 30, 20, 14, 12, 13],
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
# Networks that add modulo p - 1, by whose numbers others multiply modulo p
MULTIPLYING = {
    "multiplying": dataclasses.replace(
        RUNS["subtracting"],
        settings={
            **ADDING.settings,
            "data.modulus": "16",
            "data.operation": "add",
            "model.n_heads": "4",
            "model.output_equals": "false",
        },
    ),
    "dividing": RUNS["subtracting"],
    "multiplying-7": dataclasses.replace(
        ADDING,
        settings={**ADDING.settings, "data.modulus": "12"},
        keys=(5, 1),
        memory=2,
    ),
}
MIDDLE = 6  # analysed beside the last snapshot: the third frequency, no key, has its cluster there


class Run:
    """A handmade network as a file with its config.ini, and what numpy makes of it."""

    def __init__(self, name, design, tools, work):
        self.name, self.tools, self.folder = name, tools, work / name
        self.folder.mkdir()
        network = handmade.Handmade(design)
        self.settings = tables.configure(tools, self.folder, network.settings())
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

    def check_folder(self, folder, tool, expected, title, near=()):
        path = self.folder / folder
        check_folder(f"{self.name}/{folder}", path, self.tools / tool, expected, title, near)

    def check_snapshot(self, index, options, folder):
        net, epoch = self.nets[index], self.epochs[index]
        title = f"mod {net.p}, at epoch {epoch}"
        for tool, expected in (
            ("checkpoint-to-spectrum", definitions.spectrum_tables(net, self.keys, epoch)),
            ("ablate", definitions.ablation_tables(net, self.keys, epoch)),
        ):
            self.run_tool(tool, "-o", f"{folder}-{tool}", *options)
            self.check_folder(f"{folder}-{tool}", tool, expected, title)
            self.expected |= expected
        self.check_components(net, options, folder)
        self.check_algorithm(net, options, folder)
        trace = definitions.Trace(net, self.keys)
        self.run_tool("trace-algorithm", "-o", f"{folder}-trace", *options)
        self.check_folder(
            f"{folder}-trace",
            "trace-algorithm",
            definitions.trace_tables(net, self.keys),
            f"frequency k = {trace.k}, pair a = {trace.a}, b = {trace.b}, answer {trace.s}",
        )

    def check_several(self):
        """The tables of all snapshots, one below the other, and some columns of one."""
        whole = ["spectrum", "embedding-circles", "logit-spectrum", "spectrum-quantities"]
        columns = ["a", "b", "attention_0", "neuron_0"]
        only = " ".join([*whole, "activations:" + ",".join(columns)])
        self.run_tool("checkpoint-to-spectrum", "-o", "several", "--epochs", "all", "--only", only)
        parts = []
        for net, epoch in zip(self.nets, self.epochs):
            found = definitions.spectrum_tables(net, self.keys, epoch)
            parts.append({name: tables.as_columns(found[name]) for name in whole})
            parts[-1]["activations"] = {name: found["activations"][name] for name in columns}
        for name in (*whole, "activations"):
            together = {column: [] for column in ("epoch", *parts[0][name])}
            for part, epoch in zip(parts, self.epochs):
                for column, cells in part[name].items():
                    together[column] += list(cells)
                together["epoch"] += [epoch] * (len(together[column]) - len(together["epoch"]))
            title = f"mod {self.nets[0].p}, at each of {len(self.nets)} epochs"
            table = Table(self.folder / "several" / f"{name}.tsv")
            check_table(f"{self.name}/several/{name}", table, together, title)

    def check_components(self, net, options, folder):
        """Some of these tables are of the whole run. Where singular values are close to each other,
        rounding errors of the matrices turn their vectors."""
        random = numpy.random.default_rng(0)
        rounded = lambda matrix: matrix * (1 + 2.0**-24 * random.standard_normal(matrix.shape))
        arguments = net, self.nets, self.keys, self.epochs
        expected = definitions.component_tables(*arguments)
        near = [definitions.component_tables(*arguments, rounded) for _ in range(3)]
        self.run_tool("principal-components", "-o", f"{folder}-components", *options)
        self.check_folder(
            f"{folder}-components", "principal-components", expected, f"mod {net.p}", near
        )

    def check_algorithm(self, net, options, folder):
        expected = definitions.algorithm_tables(net, self.nets, self.epochs)
        self.run_tool("clock-or-pizza", "-o", f"{folder}-pizza", *options)
        self.check_folder(f"{folder}-pizza", "clock-or-pizza", expected, f"mod {net.p}")

    def check_progress(self):
        expected = definitions.progress_tables(self.nets, self.keys, self.epochs)
        (self.folder / "progress").mkdir()
        table = "progress/progress-measures.tsv"
        self.run_tool("progress-measures", "-o", table, "--tables", "progress")
        self.check_folder("progress", "progress-measures", expected, "")
        self.expected |= expected

    def check_all(self):
        self.check_snapshot(MIDDLE, ["--epoch", str(self.epochs[MIDDLE])], "middle")
        self.check_snapshot(-1, [], "last")
        self.check_several()
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


class Multiplying:
    """A handmade network whose number i is called g^i, beside a number 0 that it knows nothing of."""

    def __init__(self, name, design, tools, work):
        self.name, self.tools, self.folder = name, tools, work / name
        self.folder.mkdir()
        network = handmade.Handmade(design)
        p = network.p + 1
        operation = "divide" if network.subtracts else "multiply"
        settings = {**network.settings(), "data.modulus": str(p), "data.operation": operation}
        self.settings = tables.configure(tools, self.folder, settings)
        self.numbers = definitions.powers(p)
        snapshots = [self.renamed(network.snapshot(t)) for t in range(network.n_snapshots)]
        mask = handmade.wiggle(p, p) > 0
        mask[numpy.ix_(self.numbers, self.numbers)] = network.train_mask()
        self.file = self.folder / "trajectory.safetensors"
        arrays = {name: numpy.stack([s[name] for s in snapshots]) for name in snapshots[0]}
        arrays |= {"epoch": numpy.array(design.epochs), "train_mask": mask}
        plain_safetensors.write(self.file, arrays, metadata=self.settings)
        self.epochs = design.epochs
        made_of = [(s, self.settings, mask) for s in snapshots]
        self.plain = [definitions.Snapshot(*parts) for parts in made_of]
        self.nets = [definitions.Snapshot(*definitions.relabelled(*parts)) for parts in made_of]
        self.check_names()

    def renamed(self, snapshot):
        """With its tokens and outputs in the places of their new numbers, and with a number 0."""
        W_E, W_U = snapshot["embed.W_E"], snapshot["unembed.W_U"]
        n = len(self.numbers)
        new = dict(snapshot)
        new["embed.W_E"] = numpy.vstack([0.5 * W_E[:1], W_E])
        new["embed.W_E"][self.numbers] = W_E[:n]
        new["unembed.W_U"] = numpy.hstack([0.5 * W_U[:, :1], W_U])
        new["unembed.W_U"][:, self.numbers] = W_U[:, :n]
        return new

    def check_names(self):
        """The relabelled network is the same function, and its answers have the right names."""
        p, numbers = self.plain[0].p, numpy.array(self.numbers)
        grid = numpy.ix_(numbers, numbers, numbers)
        same = all(
            numpy.allclose(net.logits.reshape(3 * [p - 1]), plain.logits.reshape(3 * [p])[grid])
            for plain, net in zip(self.plain, self.nets)
        )
        check(same, f"{self.name}: logits of the relabelled network")
        net = self.nets[0]
        a, b, answers = numbers[net.a], numbers[net.b], numbers[net.s]
        product = a if self.settings["data.operation"] == "multiply" else answers
        other = answers if self.settings["data.operation"] == "multiply" else a
        check(all(product * b % p == other), f"{self.name}: answers of the relabelled network")

    def check_snapshot(self, index, options, folder):
        plain, net, epoch = self.plain[index], self.nets[index], self.epochs[index]
        keys, plain_keys = self.nets[-1].keys(), self.plain[-1].keys()
        check(len(keys) > 1, f"{self.name}: key frequencies {keys}")
        command = [self.tools / "discrete-logarithms", "-o", folder, *options, self.file]
        run_silently(self.name, command, self.folder)
        check_folder(
            f"{self.name}/{folder}",
            self.folder / folder,
            command[0],
            definitions.logarithm_tables(plain, plain_keys, net, keys, epoch),
            f"mod {plain.p}, at epoch {epoch}, over discrete logarithms to base {self.numbers[1]}",
        )

    def check_all(self):
        self.check_snapshot(MIDDLE, ["--epoch", str(self.epochs[MIDDLE])], "middle")
        self.check_snapshot(-1, [], "last")


# ---- compare-runs ----


def quantity(table, name):
    return lambda run: run.expected[table][name][0]


def crossed(table, column, tested, holds):
    """The cell of a column in the first row in which the condition holds; nan if it never does."""

    def find(run):
        columns = run.expected[table]
        return definitions.first(columns[column], map(holds, columns[tested]))

    return find


def column(table, name):
    return lambda run: run.expected[table][name]


def ranks(numbers):
    """Equal numbers share the mean of their ranks; nan counts as more than every number."""
    numbers = [math.inf if math.isnan(x) else x for x in numbers]
    places = {x: [] for x in numbers}
    for place, x in enumerate(sorted(numbers)):
        places[x].append(place)
    return [numpy.mean(places[x]) for x in numbers]


def rank_correlation(x, y):
    return lambda run: numpy.corrcoef(ranks(x(run)), ranks(y(run)))[0, 1]


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
    "peaks=progress-measures:crossings@excluded_loss>2": lambda run: sum(
        later > 2 >= earlier
        for earlier, later in itertools.pairwise(run.expected["progress-measures"]["excluded_loss"])
    ),
    "lowest=progress-measures:least@test_loss": lambda run: min(
        run.expected["progress-measures"]["test_loss"]
    ),
    "highest=ablations:most@train_loss": lambda run: max(run.expected["ablations"]["train_loss"]),
    "order=spectrum:rank@W_E_sin~W_L_cos": rank_correlation(
        column("spectrum", "W_E_sin"), column("spectrum", "W_L_cos")
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
    if value == int(value) or 999.5 <= abs(value) < 1e5:
        return f"${value:,.0f}$".replace(",", "{,}")
    digits, _, exponent = f"{value:.3g}".partition("e")
    if abs(value) < 1e-3 and not exponent:
        digits, _, exponent = f"{value:.2e}".partition("e")
        digits = digits.rstrip("0").rstrip(".")
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


def check_rows(runs, work, tools):
    """A row for each row of a table: some of its columns, some of others."""
    files = [path for run in runs for path in (run.folder / "together" / run.name).iterdir()]
    table, out = "neuron-logit-directions", work / "rows.tsv"
    names = ["frequency", "coefficient_u", "fve_v"]
    queries = ["seed=train.seed", *(f"{table}:{name}" for name in names), "heads=attention-fits:head"]
    command = [tools / "compare-runs", "--rows", table, "-c", " ".join(queries), "-o", out]
    run_silently("rows", [*command, *files], work)
    expected = {"run": [], "seed": [], **{name: [] for name in names}, "heads": []}
    for run in runs:
        n = len(run.keys)
        heads = ",".join(map(str, range(len(run.expected["attention-fits"]["head"]))))
        expected["run"] += [run.name] * n
        expected["seed"] += [run.settings["train.seed"]] * n
        expected["heads"] += [heads] * n
        for name in names:
            expected[name] += list(run.expected[table][name])
    check_table("rows", Table(out), expected, "Runs side by side")


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
        for name, design in MULTIPLYING.items():
            Multiplying(name, design, tools, work).check_all()
        check_compared(runs, work, tools)
        check_rows(runs, work, tools)
        check_summarised(runs, work, tools)
    return tables.finish()


sys.exit(main())
