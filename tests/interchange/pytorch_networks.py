"""pytorch_networks.py TRAIN [NAME...]: does PyTorch train the same networks?

For each configuration below, or for those named, the program TRAIN takes some steps. PyTorch starts
from the first snapshot and takes the same steps on the same examples (pytorch_network.py,
examples.py); the losses of every row of the history must agree, and so must the losses of the last
snapshot's parameters and of PyTorch's own, to within TOLERANCE.

Exit status: 0 if all agree, 1 otherwise. Configurations that TRAIN does not know yet are named and
left out; 77 (CTest: skipped) if there is no other one.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import torch

import plain_safetensors
from examples import Examples
from pytorch_network import Settings, Training

SKIPPED = 77
EPOCHS = 50

# Relative differences of losses. In float32 both round: by that the losses differ by 2e-7 at most.
# A beta2 of 0.99 instead of 0.98 would make 5e-4 of it, an epsilon of 1e-4 in LAYER_NORM_POST 8e-5.
TOLERANCE = {"float32": 1e-5, "float64": 1e-9}

# Of all configurations, but for what their own settings say.
COMMON = {
    "train.epochs": EPOCHS,
    "train.evaluate_every": 1,
    "train.snapshot_every": EPOCHS,
    "train.seed": 7,
    "data.seed": 3,
    "model.d_model": 20,
    "model.n_heads": 2,
    "model.d_head": 8,
    "model.d_mlp": 24,
}
PAIRS = {"data.modulus": 11, "data.train_fraction": 0.4}
DIGITS = "data.task=digits data.digits=2 data.examples=60 data.test_examples=40"
SUBSEQUENCE = (
    "data.task=subsequence data.vocabulary=12 data.length=21 data.run=4 data.repeats=3"
    " data.examples=24 data.test_examples=12"
)
SKIP_TRIGRAM = (
    "data.task=skip-trigram data.vocabulary=16 data.length=9 data.examples=60"
    " data.test_examples=40"
)
ATTENTION_ONLY = "model.d_mlp=0 model.n_layers=2"

# Without further settings in float32; all are also trained in float64.
CONFIGURATIONS = {
    "mainline": "",
    "layers": "model.n_layers=3",
    "pre": "model.layer_norm=pre model.n_layers=2",
    "post": "model.layer_norm=post model.n_layers=2",
    "tied": "model.tied_embeddings=true",
    "tied-layers": "model.tied_embeddings=true model.n_layers=2 model.layer_norm=pre",
    "registers": "model.registers=2",
    "registers-layers": "model.registers=3 model.n_layers=2 model.layer_norm=pre",
    "attention-only": ATTENTION_ONLY,
    "sinusoidal": "model.positions=sinusoidal",
    "sinusoidal-odd": "model.positions=sinusoidal model.d_model=19",
    "no-positions": "model.positions=none",
    "rate-0.4": "model.attention_rate=0.4",
    "rate-0": "model.attention_rate=0 model.n_layers=2",
    "softmax1": "model.attention=softmax1 model.n_layers=2",
    "uniform": "model.attention=uniform model.n_layers=2",
    "unnormalised": "model.attention=softmax1-unnormalised",
    "gelu": "model.activation=gelu",
    "no-biases": "model.biases=false",
    "no-equals": "data.equals=false",
    "numbers-only": "model.output_equals=false",
    "subtract": "data.operation=subtract",
    "quadratic": "data.operation=quadratic",
    "multiply": "data.operation=multiply",
    "divide": "data.operation=divide",
    "float32-loss": "train.loss=float32",
    "stablemax": "train.loss=stablemax",
    "sgd": "optimizer.kind=sgd optimizer.learning_rate=0.5 optimizer.weight_decay=0.01",
    "momentum": "optimizer.kind=sgd optimizer.momentum=0.9 optimizer.learning_rate=0.05"
    " optimizer.weight_decay=0.01",
    "l1": "optimizer.l1=0.001 optimizer.weight_decay=0",
    "linear": "optimizer.schedule=linear",
    "cosine": "optimizer.schedule=cosine",
    "cosine-sgd": "optimizer.schedule=cosine optimizer.kind=sgd optimizer.momentum=0.5"
    " optimizer.warmup_steps=0 optimizer.learning_rate=0.1 optimizer.weight_decay=0",
    "dropout": "model.dropout=0.2",
    "dropout-layers": "model.dropout=0.3 model.n_layers=2 model.layer_norm=pre model.registers=1",
    "batches": "train.batch_size=10",
    "batches-dropout": "train.batch_size=13 model.dropout=0.1",
    "digits": DIGITS,
    "digits-batches": f"{DIGITS} train.batch_size=16 model.n_layers=2 model.layer_norm=post",
    "digits-fresh": f"{DIGITS} data.examples=0 train.batch_size=16",
    "mlp-only": f"{DIGITS} model.n_heads=0 model.n_layers=2 model.layer_norm=pre",
    "subsequence": f"{SUBSEQUENCE} {ATTENTION_ONLY}",
    "subsequence-fresh": f"{SUBSEQUENCE} {ATTENTION_ONLY} data.examples=0 train.batch_size=8",
    "subsequence-tied": f"{SUBSEQUENCE} model.tied_embeddings=true model.registers=2"
    " model.dropout=0.1",
    "skip-trigram": SKIP_TRIGRAM,
    "skip-trigram-fresh": f"{SKIP_TRIGRAM} data.examples=0 train.batch_size=16 model.n_layers=2",
}

# Its logits are rounded to float32 in either precision, and two roundings of float32's exponential
# differ.
FLOAT32_IN_EITHER = {"float32-loss"}


class NotKnownYet(Exception):
    pass


# ---- what TRAIN does ----


def train(program, settings, folder):
    given = [f"{name}={value}" for name, value in settings.items()]
    done = subprocess.run(
        [program, "-q", "--engine", "textbook", "-o", folder, *given],
        capture_output=True,
        text=True,
    )
    if done.returncode == 0:
        return
    message = done.stderr.strip()
    raise (NotKnownYet if "does not know" in message else RuntimeError)(message)


def read_history(path):
    """The rows {epoch: {"train_loss": text, ...}}."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    names, *rows = (line.split("\t") for line in lines)
    return {int(row[0]): dict(zip(names, row)) for row in rows}


def rounding_of(text):
    """How far a printed number can be from the number itself, relative to it: half a unit of the
    last of its digits, of which there are at least nine."""
    digits = text.split("e")[0].replace(".", "").lstrip("-0")
    return 0.5 * 10.0 ** (1 - max(len(digits), 9)) / (float(f"0.{digits}") * 10)


# ---- the comparison ----


class Comparison:
    """The largest relative difference, beyond the roundings of printed numbers, and where it is."""

    def __init__(self):
        self.largest, self.place = 0.0, "none beyond roundings"

    def add(self, own, theirs, place, rounding=0.0):
        difference = abs(own / theirs - 1) - rounding
        if not difference <= self.largest:  # NaN too
            self.largest, self.place = difference, place


def tensors(examples):
    return tuple(map(torch.as_tensor, examples))


def snapshot(arrays, index):
    mine = "epoch", "train_mask"
    return {name: array[index] for name, array in arrays.items() if name not in mine}


def compare(folder):
    """The largest difference of a run."""
    arrays, given = plain_safetensors.read(folder / "trajectory.safetensors")
    settings, history = Settings(given), read_history(folder / "history.tsv")
    if sorted(history) != list(range(EPOCHS + 1)):
        raise RuntimeError(f"the history has the epochs {sorted(history)}")
    examples, training = Examples(settings), Training(settings)
    training.network.load(snapshot(arrays, 0))
    test, comparison = tensors(examples.test), Comparison()

    def compare_with_history(epoch, column, own):
        text = history[epoch][column]
        comparison.add(own, float(text), f"{column} of epoch {epoch}", rounding_of(text))

    for epoch in range(EPOCHS + 1):
        fresh = examples.train is None
        train = tensors(examples.batch(epoch) if fresh else examples.train)
        own = {"train_loss": training.loss(*train), "test_loss": training.loss(*test)}
        for column, loss in own.items():
            compare_with_history(epoch, column, loss)
        if epoch < EPOCHS:
            training.step(*tensors(examples.batch(epoch)))
    training.network.load(snapshot(arrays, -1))
    for column, examples_of in ("train_loss", train), ("test_loss", test):
        place = f"{column} of the last snapshot"
        comparison.add(own[column], training.loss(*examples_of), place)
    return comparison


def try_one(program, name, precision, settings):
    """True, False, or None where TRAIN does not know the configuration yet."""
    tolerance = TOLERANCE["float32" if name in FLOAT32_IN_EITHER else precision]
    label = f"{name}, {precision}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            train(program, settings, folder)
            found = compare(Path(folder))
        except NotKnownYet as message:
            print(f"left out  {label}: {message}")
            return None
        except (RuntimeError, ValueError, KeyError) as error:
            print(f"FAILED    {label}: {error!r}")
            return False
    holds = found.largest <= tolerance
    print(
        f"{'ok        ' if holds else 'FAILED    '}{label}: {found.largest:.1e} of {tolerance:.0e}"
        f" ({found.place})"
    )
    return holds


def main():
    program, *names = sys.argv[1:]
    torch.set_num_threads(1)
    results = []
    for name in names or CONFIGURATIONS:
        own = dict(setting.split("=") for setting in CONFIGURATIONS[name].split())
        task = {} if "data.task" in own else PAIRS
        for precision in TOLERANCE:
            given = {} if precision == "float32" else {"train.precision": precision}
            settings = {**COMMON, **task, **given, **own}
            results.append(try_one(program, name, precision, settings))
            sys.stdout.flush()
    counts = {result: results.count(result) for result in (True, False, None)}
    print(f"{counts[True]} agree, {counts[False]} do not, {counts[None]} left out")
    if counts[False] > 0:
        return 1
    return 0 if counts[True] > 0 else SKIPPED


sys.exit(main())
