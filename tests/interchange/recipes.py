"""recipes.py TOOLS CHECKPOINTS: do the commands that messages recommend make files that open?

Checkpoints that cannot be opened are refused with a Python command that converts them. Here it is
run, and what it makes must open and have the losses of expected.tsv. The package safetensors is
stood in for, as Debian does not have it.

TOOLS is the folder of the programs, CHECKPOINTS is tests/checkpoints. Exit status: 0 when all is as
it should be, 1 otherwise.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy

import plain_safetensors

SPLIT = ["data.seed=3", "data.train_fraction=0.5"]
failures = 0


def check(holds, what):
    global failures
    failures += not holds
    print(f"{'ok    ' if holds else 'FAILED'}  {what}")


def quantities(path):
    rows = [line.split("\t") for line in path.read_text().splitlines() if line[0] != "#"]
    return {row[0]: float(row[1]) for row in rows[1:]}


def ablate(tools, folder, file):
    command = [tools / "ablate", "-o", "out", file, *SPLIT]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def convert(folder, message):
    """Runs the command of a message; the file that it makes, or None."""
    found = re.search(r"python3 -c '([^']*\"([^\"]*)\"\)*)'$", message.strip())
    if not found:
        check(False, f"no command in: {message}")
        return None
    here = Path(__file__).resolve().parent
    path = os.pathsep.join(map(str, (here, here / "stand-in")))
    done = subprocess.run(
        [sys.executable, "-B", "-c", found[1]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    check(done.returncode == 0, f"the command that makes {found[2]} {done.stderr.strip()}")
    return found[2] if done.returncode == 0 else None


def check_recipe(tools, folder, file, expected):
    made = convert(folder, ablate(tools, folder, file).stderr)
    if not made:
        return
    done = ablate(tools, folder, made)
    check(done.returncode == 0, f"{made} opens {done.stderr if done.returncode else ''}")
    losses = quantities(folder / "out" / "ablation-quantities.tsv")
    for name in "loss", "train_loss", "test_loss":
        difference = abs(losses[name] - expected[name])
        check(difference < 5e-6, f"{made}: {name} {losses[name]}, off by {difference:.1e}")


def main():
    tools, checkpoints = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    expected = quantities(checkpoints / "expected.tsv")
    parameters, _ = plain_safetensors.read(checkpoints / "transformerlens.safetensors")
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        numpy.savez(folder / "arrays.npz", **parameters)
        check_recipe(tools, folder, "arrays.npz", expected)
    print(f"{failures} checks failed" if failures else "all as it should be")
    return 1 if failures else 0


sys.exit(main())
