"""pytorch_steps.py BENCH-NETWORK [WORKLOAD...]: training steps of the textbook network and of the same
network in PyTorch (tests/interchange/pytorch_network.py, which the test pytorch holds to ours).

Both take steps of AdamW on made-up sequences, in turns: the cost depends on sizes alone. PyTorch does
as its users do, with cross_entropy in float32. On one thread times are processor time, which other
programs hardly change; on more, by the wall.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

NO_MODULE = 77

# See pytorch_epoch.py.
ENVIRONMENT = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**40)}

# Each with the number of sequences of a step.
WORKLOADS = {
    "layers": ("two layers on the mainline's task", 3830, "model.n_layers=2"),
    "digits": (
        "sums of five digits",
        64,
        "data.task=digits train.batch_size=64 model.d_model=512 model.d_head=128 model.d_mlp=2048",
    ),
    "subsequence": (
        "repeated subsequences",
        128,
        "data.task=subsequence train.batch_size=128 model.n_layers=2 model.d_model=48"
        " model.d_head=12 model.d_mlp=0",
    ),
}

# What the defaults of the program are, where the network depends on it.
MAINLINE = {
    "data.modulus": "113",
    "model.d_model": "128",
    "model.n_heads": "4",
    "model.d_head": "32",
    "model.d_mlp": "512",
    "model.activation": "relu",
    "model.attention": "softmax",
    "model.output_equals": "true",
    "model.biases": "true",
    "optimizer.learning_rate": "0.001",
    "optimizer.beta1": "0.9",
    "optimizer.beta2": "0.98",
    "optimizer.epsilon": "1e-8",
    "optimizer.weight_decay": "1",
    "optimizer.warmup_steps": "10",
    "train.epochs": "40000",
    "train.seed": "0",
}


def parse():
    parser = argparse.ArgumentParser(description="Times training steps here and in PyTorch.")
    parser.add_argument("program", type=Path, metavar="BENCH-NETWORK")
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="of " + ", ".join(WORKLOADS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=5, help="of each at a time")
    parser.add_argument("--rounds", type=int, default=6, help="turns of each")
    parser.add_argument("--profile", action="store_true", help="PyTorch's own profile, no timing")
    return parser.parse_intermixed_args()


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
    print(f"pytorch_steps.py: {error.name} is not installed: python3-{error.name}", file=sys.stderr)
    sys.exit(NO_MODULE)

sys.path.append(str(Path(__file__).resolve().parent.parent / "interchange"))
from pytorch_network import Settings, Sizes, Training  # noqa: E402


# ---- PyTorch ----


def training_of(settings):
    """Weights as ours are drawn, roughly: the time does not depend on them."""
    training = Training(settings)
    with torch.no_grad():
        for parameter in training.trained:
            if parameter.dim() > 1:
                parameter.normal_(std=parameter.shape[-2] ** -0.5)
    return training


def step(training, tokens, answers):
    logits = training.network(tokens).flatten(0, 1)
    loss = torch.nn.functional.cross_entropy(logits, answers.flatten(), ignore_index=-1)
    training.optimizer.zero_grad(set_to_none=True)
    loss.backward()
    training.optimizer.step()
    training.schedule.step()
    return loss.item()


def profile(function):
    with torch.profiler.profile() as profiler:
        for _ in range(5):
            function()
    print(profiler.key_averages().table(sort_by="self_cpu_time_total", row_limit=20))


# ---- timing ----


def milliseconds(function):
    clock = time.process_time if options.threads == 1 else time.perf_counter
    start = clock()
    function()
    return 1e3 * (clock() - start)


def time_ours(given):
    command = [options.program, "--threads", str(options.threads)]
    command += ["--steps", str(options.steps), *given]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"pytorch_steps.py: {options.program} failed: {done.stderr.strip()}")
    return [float(line) for line in done.stdout.splitlines()]


def bench(name):
    title, n, text = WORKLOADS[name]
    given = text.split()
    settings = Settings({**MAINLINE, **dict(setting.split("=") for setting in given)})
    sizes, training = Sizes(settings), training_of(settings)
    tokens = torch.randint(sizes.V_in, (n, sizes.N))
    answers = torch.randint(sizes.V, (n, sizes.n_read))

    def one_step():
        step(training, tokens, answers)

    for _ in range(3):
        one_step()
    if options.profile:
        profile(one_step)
        return
    theirs, ours = [], []
    for _ in range(options.rounds):
        theirs += [milliseconds(one_step) for _ in range(options.steps)]
        ours += time_ours(given)
    print(f"{title} ({name}): {n} sequences, {options.threads} threads, steps/ms:")
    for side, times in ("PyTorch", theirs), ("here", ours):
        print(f"  {side:8} median {numpy.median(times):9.3f}  least {min(times):9.3f}")
    print(
        f"  here / PyTorch: {numpy.median(ours) / numpy.median(theirs):.2f} of the medians,"
        f" {min(ours) / min(theirs):.2f} of the least"
    )
    sys.stdout.flush()


torch.manual_seed(0)
torch.set_num_threads(options.threads)
for workload in options.workloads or WORKLOADS:
    bench(workload)
