"""The cost of an epoch in PyTorch: the same network, written from scratch and trained as by the
paper's authors: full batch, all positions, AdamW, float32 logits and a float64 log_softmax.

An epoch has two halves, timed separately: the training half (forward and backward over the training
pairs, and the optimizer's step) and the test half (the loss of the test pairs; here without autograd,
which the authors' loop keeps on, saving PyTorch some work). Our training half includes the tables
that both halves share.

  --check FILE     only trains from the first snapshot of FILE, a trajectory, and compares the losses
                   with history.tsv in the same folder: is it the same network?
  --against FILE   times FILE, the program bench-epoch, alternating with PyTorch; prints the ratio
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

NO_MODULE = 77
LOSS_TOLERANCE = 3e-5  # relative, see check()

# Read by the C library's allocator at process start. Makes it keep freed memory: returning large arrays
# and having their pages zeroed again would make the test half take four times as long.
ENVIRONMENT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40)}



def positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def parse():
    parser = argparse.ArgumentParser(description="Times an epoch in PyTorch.")
    parser.add_argument("--modulus", type=positive, default=113)
    parser.add_argument("--train-fraction", type=float, default=0.3)
    parser.add_argument("--d-model", type=positive, default=128)
    parser.add_argument("--n-heads", type=positive, default=4)
    parser.add_argument("--d-mlp", type=positive, default=512)
    parser.add_argument("--threads", type=positive, default=1)
    parser.add_argument("--epochs", type=positive, default=5, help="of each at a time")
    parser.add_argument("--rounds", type=positive, default=8, help="turns of each")
    parser.add_argument("--check", type=Path, metavar="FILE", help="a trajectory to compare with")
    parser.add_argument("--check-epochs", type=positive, default=20)
    parser.add_argument("--against", type=Path, metavar="FILE", help="the program bench-epoch")
    return parser.parse_args()


def set_environment(threads):
    """Starts over where the environment is another one."""
    wanted = ENVIRONMENT | {f"{x}_NUM_THREADS": str(threads) for x in ("OMP", "OPENBLAS", "MKL")}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | wanted)


options = parse()
set_environment(options.threads)

try:
    import numpy
    import torch
except ImportError as error:
    print(f"pytorch_epoch.py: {error.name} is not installed: python3-{error.name}", file=sys.stderr)
    sys.exit(NO_MODULE)

sys.path.append(str(Path(__file__).resolve().parent.parent / "interchange"))
import plain_safetensors  # noqa: E402


# ---- the network ----


class Transformer(torch.nn.Module):
    """One layer without LayerNorm; parameters have TransformerLens' names and orientation. Their
    values are drawn as ours are, from normal distributions of the same variances."""

    def __init__(self, p, d_model, n_heads, d_mlp):
        super().__init__()
        d_head = d_model // n_heads
        shapes = {
            "W_E": (p + 1, d_model),
            "W_pos": (3, d_model),
            "W_Q": (n_heads, d_model, d_head),
            "W_K": (n_heads, d_model, d_head),
            "W_V": (n_heads, d_model, d_head),
            "W_O": (n_heads, d_head, d_model),
            "W_in": (d_model, d_mlp),
            "b_in": (d_mlp,),
            "W_out": (d_mlp, d_model),
            "b_out": (d_model,),
            "W_U": (d_model, p + 1),
        }
        for name, shape in shapes.items():
            spread = 0 if name.startswith("b_") else (p + 1 if name == "W_U" else d_model) ** -0.5
            self.register_parameter(name, torch.nn.Parameter(spread * torch.randn(shape)))
        self.register_buffer("seen", torch.tril(torch.ones(3, 3, dtype=torch.bool)))

    def forward(self, tokens):
        """Logits of all positions, [pairs, 3, p + 1], of tokens [pairs, 3]."""
        x = self.W_E[tokens] + self.W_pos
        q = torch.einsum("nsd,hde->nhse", x, self.W_Q)
        k = torch.einsum("nsd,hde->nhse", x, self.W_K)
        v = torch.einsum("nsd,hde->nhse", x, self.W_V)
        scores = torch.einsum("nhqe,nhke->nhqk", q, k) / q.shape[-1] ** 0.5
        weights = scores.masked_fill(~self.seen, float("-inf")).softmax(-1)
        z = torch.einsum("nhqk,nhke->nhqe", weights, v)
        x = x + torch.einsum("nhse,hed->nsd", z, self.W_O)
        x = x + (x @ self.W_in + self.b_in).relu() @ self.W_out + self.b_out
        return x @ self.W_U


def mean_loss(network, tokens, answers):
    logits = network(tokens)[:, -1]
    log_probabilities = logits.to(torch.float64).log_softmax(-1)
    return -log_probabilities.gather(-1, answers[:, None]).mean()


class Training:
    def __init__(self, network, train_mask, learning_rate=1e-3, weight_decay=1.0, warmup_steps=10):
        p = len(train_mask)
        a, b = torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij")
        tokens = torch.stack([a, b, torch.full((p, p), p)], -1).reshape(-1, 3)
        answers = ((a + b) % p).reshape(-1)
        chosen = torch.as_tensor(train_mask).reshape(-1)
        self.train = tokens[chosen], answers[chosen]
        self.test = tokens[~chosen], answers[~chosen]
        self.network = network
        self.optimizer = torch.optim.AdamW(
            network.parameters(), learning_rate, betas=(0.9, 0.98), weight_decay=weight_decay
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: min(step / warmup_steps, 1)
        )

    def step(self):
        """One optimizer step; the training loss before it."""
        loss = mean_loss(self.network, *self.train)
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        self.optimizer.zero_grad()
        return loss.item()

    def test_loss(self):
        with torch.no_grad():
            return mean_loss(self.network, *self.test).item()


# ---- is it the same network? ----


def read_history(path):
    """{epoch: (train_loss, test_loss)}"""
    lines = [line.split("\t") for line in path.read_text().splitlines() if line[0].isdigit()]
    return {int(line[0]): (float(line[1]), float(line[2])) for line in lines}


def training_of(path):
    arrays, settings = plain_safetensors.read(path)
    given = {
        "data.operation": "add",
        "model.attention": "softmax",
        "model.activation": "relu",
        "model.output_equals": "true",
        "model.biases": "true",
        "optimizer.beta1": "0.9",
        "optimizer.beta2": "0.98",
    }
    for key, value in given.items():
        if settings[key] != value:
            sys.exit(f"pytorch_epoch.py: {path}: {key} is {settings[key]}, expected {value}")
    sizes = "data.modulus", "model.d_model", "model.n_heads", "model.d_mlp"
    network = Transformer(*(int(settings[key]) for key in sizes))
    short = {name.split(".")[-1]: array[0] for name, array in arrays.items() if "." in name}
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.tensor(numpy.array(short[name])))
    return Training(
        network,
        numpy.array(arrays["train_mask"]),
        float(settings["optimizer.learning_rate"]),
        float(settings["optimizer.weight_decay"]),
        int(settings["optimizer.warmup_steps"]),
    )


def check(path, epochs):
    """Trains from the first snapshot and compares with the history.

    Both compute in float32, whose roundings differ; what the two losses differ by is measured and
    printed: 8.4e-6 at most in the 20 first epochs of the mainline. LOSS_TOLERANCE lies above it, and
    below the 1e-4 that a beta2 of 0.99 or a tenth less of weight decay makes of it."""
    history = read_history(path.parent / "history.tsv")
    training = training_of(path)
    compared, worst = 0, 0.0
    for epoch in range(epochs + 1):
        test_loss = training.test_loss() if epoch in history else None
        train_loss = training.step()
        if epoch not in history:
            continue
        differences = [
            abs(own / theirs - 1) for own, theirs in zip((train_loss, test_loss), history[epoch])
        ]
        compared, worst = compared + 1, max(worst, *differences)
        print(
            f"epoch {epoch:3}: PyTorch {train_loss:.9g} and {test_loss:.9g}, relative differences"
            f" {differences[0]:.1e} and {differences[1]:.1e}"
        )
    same = compared > 1 and worst <= LOSS_TOLERANCE
    verdict = "the same" if same else "NOT THE SAME"
    print(f"{verdict} network: {compared} rows of the history compared")
    return same


# ---- timing ----


def milliseconds(function):
    """On one thread of processor time, which other programs hardly change; on more, by the wall."""
    clock = time.process_time if options.threads == 1 else time.perf_counter
    start = clock()
    function()
    return 1e3 * (clock() - start)


class Halves:
    """Times of both halves, as they are collected."""

    def __init__(self):
        self.train, self.test = [], []

    def add(self, train, test):
        self.train.append(train)
        self.test.append(test)


def time_ours(program, engine):
    """Times of single epochs of an engine by bench-epoch."""
    settings = [f"data.modulus={options.modulus}", f"data.train_fraction={options.train_fraction}"]
    settings += [f"model.d_model={options.d_model}", f"model.n_heads={options.n_heads}"]
    settings += [f"model.d_head={options.d_model // options.n_heads}"]
    settings += [f"model.d_mlp={options.d_mlp}"]
    command = [program, "--halves", str(options.threads), "--engine", engine]
    command += ["--rounds", str(options.epochs), *settings]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"pytorch_epoch.py: {program} failed: {done.stderr.strip()}")
    return [tuple(map(float, line.split("\t"))) for line in done.stdout.splitlines()]


def describe(name, halves):
    for half, times in ("training", halves.train), ("test", halves.test):
        print(
            f"  {name:8} {half:9} {numpy.median(times):9.3f} {min(times):9.3f}"
            f"   of {len(times)} epochs"
        )


def bench():
    torch.manual_seed(0)
    network = Transformer(options.modulus, options.d_model, options.n_heads, options.d_mlp)
    pairs = options.modulus**2
    mask = torch.zeros(pairs, dtype=torch.bool)
    mask[torch.randperm(pairs)[: int(options.train_fraction * pairs)]] = True
    training = Training(network, mask.reshape(options.modulus, options.modulus))
    for _ in range(2):  # warm-up
        training.step()
        training.test_loss()

    theirs = Halves()
    engines = ("factored", "textbook") if options.against else ()
    ours = {engine: Halves() for engine in engines}
    for _ in range(options.rounds):
        for _ in range(options.epochs):
            theirs.add(milliseconds(training.step), milliseconds(training.test_loss))
        for engine in engines:
            for times in time_ours(options.against, engine):
                ours[engine].add(*times)

    print(
        f"PyTorch {torch.__version__}, {options.threads} threads, p = {options.modulus},"
        f" d_mlp = {options.d_mlp}: {len(training.train[0])} training and"
        f" {len(training.test[0])} test pairs,"
        f" {'processor' if options.threads == 1 else 'wall-clock'} time"
    )
    print(f"  {'':8} {'half':9} {'median/ms':>9} {'least/ms':>9}")
    describe("PyTorch", theirs)
    for engine in engines:
        describe(engine, ours[engine])
        for half in "train", "test":
            a, b = getattr(theirs, half), getattr(ours[engine], half)
            print(
                f"  PyTorch / {engine}, {half}: {numpy.median(a) / numpy.median(b):.1f} of the"
                f" medians, {min(a) / min(b):.1f} of the least"
            )


def main():
    torch.set_num_threads(options.threads)
    if options.check:
        return 0 if check(options.check, options.check_epochs) else 1
    bench()
    return 0


sys.exit(main())
