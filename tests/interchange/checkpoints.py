"""checkpoints.py TOOLS CHECKPOINTS: checkpoints that PyTorch writes are read bit for bit, and back.

PyTorch writes the small network of tests/checkpoints in many ways: in half precision, as views of one
storage, transposed in memory, by old and new formats and protocols, in every layout. import-checkpoint
must give the numbers that PyTorch has, and what is no state dict must be refused without calling
anything. Where W_O is a square matrix, the losses of a trained network must tell how it lies.

TOOLS is the folder of the programs, CHECKPOINTS is tests/checkpoints. Exit status: 0 when all is as it
should be, 1 otherwise.
"""

import collections
import functools
import os
import subprocess
import sys
import tempfile
import types
import zipfile
from pathlib import Path

import numpy
import torch

import plain_safetensors

failures = 0
TURNED = ("W_E", "W_Q", "W_K", "W_V", "W_in", "W_out")
HEADS = 2


def check(holds, what):
    global failures
    failures += not holds
    print(f"{'ok    ' if holds else 'FAILED'}  {what}")


class Tools:
    def __init__(self, tools, folder):
        self.tools, self.folder = tools, folder

    def run(self, tool, *arguments):
        command = [self.tools / tool, *map(str, arguments)]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True)

    def imported(self, what, *settings):
        """The tensors of a file as import-checkpoint gives them; None if it is refused."""
        done = self.run("import-checkpoint", "file", "-o", "out.safetensors", *settings)
        if done.returncode:
            check(False, f"{what}: {done.stderr.strip()}")
            return None
        return plain_safetensors.read(self.folder / "out.safetensors")

    def refused(self, what, message, *settings):
        (self.folder / "out.safetensors").unlink(missing_ok=True)
        done = self.run("import-checkpoint", "file", "-o", "out.safetensors", *settings)
        lines = done.stderr.strip().splitlines()
        right = done.returncode == 1 and message in lines[-1] and len(lines) == 1
        right = right and not (self.folder / "out.safetensors").exists()
        check(right, f"{what}: {done.stderr.strip()}")


def same(found, expected):
    return all(
        numpy.array_equal(found[name], expected[name].numpy()) and found[name].shape == expected[name].shape
        for name in expected
    )


# ---- ways of saving ----


def shared(parameters):
    """All parameters as views of one storage."""
    flat = torch.cat([p.reshape(-1) for p in parameters.values()])
    views, at = {}, 0
    for name, p in parameters.items():
        views[name] = flat[at : at + p.numel()].view(p.shape)
        at += p.numel()
    return views


def spread(parameters):
    """Every second element of a larger storage."""
    return {name: torch.stack([p, p], -1)[..., 0] for name, p in parameters.items()}


def transposed(parameters):
    """The same numbers, with the axes in the other order in memory."""
    return {
        name: p.permute(*range(p.dim())[::-1]).contiguous().permute(*range(p.dim())[::-1])
        for name, p in parameters.items()
    }


def as_parameters(parameters):
    return {name: torch.nn.Parameter(p.clone()) for name, p in parameters.items()}


def check_ways(tools, parameters):
    ways = {
        "as it is": parameters,
        "an OrderedDict": collections.OrderedDict(parameters),
        "views of one storage": shared(parameters),
        "every second element": spread(parameters),
        "transposed in memory": transposed(parameters),
        "with gradients": as_parameters(parameters),
        "under model": {"model": parameters, "epoch": 3},
        "under state_dict": {"state_dict": parameters},
        "behind module.": {f"module.{n}": p for n, p in parameters.items()},
        "behind _orig_mod.net.": {f"_orig_mod.net.{n}": p for n, p in parameters.items()},
    }
    for what, saved in ways.items():
        for new in True, False:
            for protocol in 2, 4:
                torch.save(
                    saved,
                    tools.folder / "file",
                    pickle_protocol=protocol,
                    _use_new_zipfile_serialization=new,
                )
                what_now = f"{what}, {'zip' if new else 'older'}, protocol {protocol}"
                found = tools.imported(what_now)
                if found:
                    check(same(found[0], parameters), what_now)


def check_types(tools, parameters):
    for dtype in torch.float64, torch.float16:
        typed = {name: p.to(dtype) for name, p in parameters.items()}
        torch.save(typed, tools.folder / "file")
        found = tools.imported(f"{dtype}")
        if found:
            check(same(found[0], typed), f"{dtype}")
    bfloat = {name: p.to(torch.bfloat16) for name, p in parameters.items()}
    torch.save(bfloat, tools.folder / "file")
    found = tools.run("import-checkpoint", "file", "-o", "out.safetensors")
    data = (tools.folder / "out.safetensors").read_bytes() if found.returncode == 0 else b""
    wanted = bfloat["embed.W_E"].contiguous().view(torch.int16).numpy().tobytes()
    check(b'"BF16"' in data and wanted in data, "torch.bfloat16")


def check_big_endian(tools, parameters):
    """What a machine of the other byte order writes."""
    torch.save(parameters, tools.folder / "little")
    with zipfile.ZipFile(tools.folder / "little") as old, zipfile.ZipFile(
        tools.folder / "file", "w"
    ) as new:
        for name in old.namelist():
            data = old.read(name)
            if "/data/" in name:
                data = numpy.frombuffer(data, "<u4").astype(">u4").tobytes()
            if "byteorder" not in name:
                new.writestr(name, data)
        new.writestr(old.namelist()[0].split("/")[0] + "/byteorder", "big")
    found = tools.imported("big-endian")
    if found:
        check(same(found[0], parameters), "big-endian")


# ---- layouts ----


def as_authors_have_it(parameters):
    arrays = {
        name: p.swapaxes(-1, -2).contiguous() if name.endswith(TURNED) else p
        for name, p in parameters.items()
    }
    W_O = parameters["blocks.0.attn.W_O"]
    arrays["blocks.0.attn.W_O"] = W_O.reshape(-1, W_O.shape[-1]).T.contiguous()
    return arrays


def as_experiments_have_it(parameters):
    def columns(matrix):
        return matrix.permute(1, 0, 2).reshape(matrix.shape[1], -1)

    layer, W_O = "transformer.layers.0.", parameters["blocks.0.attn.W_O"]
    return {
        "emb": parameters["embed.W_E"],
        "pos_enc.pe.weight": parameters["pos_embed.W_pos"],
        f"{layer}attn.fn.w_q.W": columns(parameters["blocks.0.attn.W_Q"]),
        f"{layer}attn.fn.w_k.W": columns(parameters["blocks.0.attn.W_K"]),
        f"{layer}attn.fn.w_v.W": columns(parameters["blocks.0.attn.W_V"]),
        f"{layer}attn.fn.w_out.W": W_O.reshape(-1, W_O.shape[-1]),
        f"{layer}ff.fn.net.0.W": parameters["blocks.0.mlp.W_in"],
        f"{layer}ff.fn.net.0.b": parameters["blocks.0.mlp.b_in"],
        f"{layer}ff.fn.net.3.W": parameters["blocks.0.mlp.W_out"],
        f"{layer}ff.fn.net.3.b": parameters["blocks.0.mlp.b_out"],
        "out": parameters["unembed.W_U"],
    }


class Plain(torch.nn.Module):
    """The network of nn.Embedding and nn.Linear whose names export-checkpoint --for pytorch has."""

    def __init__(self, V_in, V, n, d, heads, d_head, m):
        super().__init__()
        self.heads, self.d_head = heads, d_head
        self.embed, self.pos_embed = torch.nn.Embedding(V_in, d), torch.nn.Embedding(n, d)
        inner, linear = heads * d_head, torch.nn.Linear
        attention = {"q": linear(d, inner), "k": linear(d, inner), "v": linear(d, inner)}
        attention["o"] = linear(inner, d)
        mlp = torch.nn.ModuleDict({"in": linear(d, m), "out": linear(m, d)})
        block = {"attn": torch.nn.ModuleDict(attention), "mlp": mlp}
        self.blocks = torch.nn.ModuleList([torch.nn.ModuleDict(block)])
        self.unembed = linear(d, V)

    def forward(self, tokens):
        x = self.embed(tokens) + self.pos_embed.weight
        attention, mlp = self.blocks[0]["attn"], self.blocks[0]["mlp"]
        q, k, v = (
            attention[name](x).unflatten(-1, (self.heads, self.d_head)).transpose(1, 2)
            for name in "qkv"
        )
        hidden = torch.ones(x.shape[1], x.shape[1]).triu(1).bool()
        scores = (q @ k.transpose(-1, -2) / self.d_head**0.5).masked_fill(hidden, -torch.inf)
        x = x + attention["o"]((scores.softmax(-1) @ v).transpose(1, 2).flatten(-2))
        return self.unembed(x + mlp["out"](mlp["in"](x).relu()))[:, -1]


def check_layouts(tools, parameters):
    layouts = {
        "the authors'": (as_authors_have_it(parameters), []),
        "grokking-experiments'": (as_experiments_have_it(parameters), [f"model.n_heads={HEADS}"]),
    }
    for what, (arrays, settings) in layouts.items():
        torch.save({"model": arrays}, tools.folder / "file")
        found = tools.imported(f"{what} layout", *settings)
        if found:
            check(same(found[0], parameters), f"{what} layout")
        plain_safetensors.write(
            tools.folder / "file", {f"net.{n}": a.contiguous().numpy() for n, a in arrays.items()}
        )
        found = tools.imported(f"{what} layout, safetensors", *settings)
        if found:
            check(same(found[0], parameters), f"{what} layout, safetensors")
    torch.save(as_experiments_have_it(parameters), tools.folder / "file")
    tools.refused("heads that nothing tells", "pass model.n_heads=")
    tools.refused("heads that do not divide", "a multiple of the 3 heads", "model.n_heads=3")


def check_biases(tools, parameters):
    zeros = {
        "blocks.0.attn.b_Q": torch.zeros(2, 4),
        "unembed.b_U": torch.zeros(8),
        "blocks.0.attn.mask": torch.ones(0, 0).bool(),  # of later versions
        "blocks.0.attn.IGNORE": torch.tensor(-torch.inf),
    }
    torch.save({**parameters, **zeros}, tools.folder / "file")
    found = tools.imported("masks and zero biases")
    if found:
        check(set(found[0]) == set(parameters), "masks and zero biases are dropped")
    zeros["blocks.0.attn.b_Q"] = torch.full((2, 4), -0.0)
    torch.save({**parameters, **zeros}, tools.folder / "file")
    if tools.imported("biases of -0"):
        check(True, "biases of -0 are zero")
    zeros["blocks.0.attn.b_Q"][1, 3] = 1e-30
    torch.save({**parameters, **zeros}, tools.folder / "file")
    tools.refused("a bias that is not zero", "blocks.0.attn.b_Q is not zero, but the network has no")


# ---- what else a file carries ----


def check_carried(tools, parameters):
    """A configuration of TransformerLens, which need not be installed; what Lightning saves."""
    name = "transformer_lens.HookedTransformerConfig"
    sys.modules["transformer_lens"], sys.modules[name] = types.ModuleType("transformer_lens"), types.ModuleType(name)
    Config = type("HookedTransformerConfig", (), {"__module__": name})
    sys.modules[name].HookedTransformerConfig = Config
    config = Config()
    config.__dict__.update(n_heads=HEADS, act_fn="gelu", seed=999, dtype=torch.float32, device=torch.device("cpu"))
    for new in True, False:
        tutorial = {
            "model": parameters, "config": config, "checkpoints": [parameters, parameters],
            "checkpoint_epochs": [99, 199], "train_indices": torch.arange(0, 49, 2),
            "test_indices": torch.arange(1, 49, 2), "train_losses": [2.0, numpy.float64(1.5)],
        }
        torch.save(tutorial, tools.folder / "file", _use_new_zipfile_serialization=new)
        found = tools.imported("the tutorial's file")
        if found:
            arrays, metadata = found
            check(list(arrays["epoch"]) == [99, 199], "its epochs")
            check(list(numpy.flatnonzero(arrays["train_mask"])) == list(range(0, 49, 2)), "its split")
            check(metadata["model.activation"] == "gelu", "its activation")
            check("data.seed" not in metadata, "but not its seed, which is of the weights")
    del sys.modules["transformer_lens"], sys.modules[name]
    network = {f"net.{n}": a for n, a in as_experiments_have_it(parameters).items()}
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=0.003, betas=(0.9, 0.98), weight_decay=2)
    lightning = {
        "epoch": 7, "global_step": 7, "pytorch-lightning_version": "1.9.5", "state_dict": network,
        "optimizer_states": [optimizer.state_dict()], "loops": {}, "callbacks": {}, "lr_schedulers": [],
        "hyper_parameters": {"optimizer": functools.partial(torch.optim.AdamW, lr=0.003), "scheduler": None},
        "datamodule_hyper_parameters": {"p": 7, "train_ratio": 0.6, "seed": 42, "batch_size": 9},
    }
    torch.save(lightning, tools.folder / "file")
    found = tools.imported("Lightning's file", f"model.n_heads={HEADS}")
    if found:
        arrays, metadata = found
        numpy.random.seed(42)
        pairs = numpy.array([(a, b) for a in range(7) for b in range(7)])
        numpy.random.shuffle(pairs)
        wanted = numpy.zeros((7, 7), bool)
        wanted[tuple(pairs[: int(49 * 0.6)].T)] = True
        check(numpy.array_equal(arrays["train_mask"], wanted), "its split, NumPy's")
        check(float(metadata["optimizer.weight_decay"]) == 2, "its weight decay")
        check(float(metadata["optimizer.learning_rate"]) == 0.003, "its learning rate")
        check(same(arrays, parameters), "its parameters")


# ---- what is no state dict ----


class Hostile:
    def __reduce__(self):
        return os.system, ("touch called",)


def check_refusals(tools, parameters):
    for new in True, False:
        for protocol in 2, 4:
            torch.save(
                {"model": parameters, "more": Hostile()},
                tools.folder / "file",
                pickle_protocol=protocol,
                _use_new_zipfile_serialization=new,
            )
            tools.refused("a pickle that calls os.system", "would call posix.system")
    check(not (tools.folder / "called").exists(), "and it was not called")
    torch.save(Plain(8, 8, 3, 8, 2, 4, 16), tools.folder / "file")
    tools.refused("a whole module", "would call __main__.Plain")
    torch.save(parameters["embed.W_E"], tools.folder / "file")
    tools.refused("a tensor alone", "holds no weights")
    torch.save([1.0, 2.0], tools.folder / "file")
    tools.refused("a list of losses", "holds no weights")
    many = {"checkpoints": [parameters] * 100000, "checkpoint_epochs": list(range(100000))}
    torch.save(many, tools.folder / "file")
    tools.refused("views of the same numbers", "they are views of the same numbers")
    whole = (tools.folder / "file").read_bytes()
    for length in 30, 1000, len(whole) // 2, len(whole) - 30:
        (tools.folder / "file").write_bytes(whole[:length])
        tools.refused(f"cut off after {length} bytes", "damaged or cut off")


# ---- and out ----


def logits_of(network, p):
    a, b = torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij")
    tokens = torch.stack([a.flatten(), b.flatten(), torch.full((p * p,), p)], 1)
    with torch.no_grad():
        return network(tokens)


def check_exports(tools, parameters, expected):
    torch.save({"model": as_authors_have_it(parameters)}, tools.folder / "file")
    for layout in "transformerlens", "pytorch", "original", "authors":
        done = tools.run("export-checkpoint", "file", "--for", layout, "-o", "exported")
        check(done.returncode == 0, f"--for {layout} {done.stderr.strip()}")
        arrays, _ = plain_safetensors.read(tools.folder / "exported")
        tensors = {name: torch.tensor(array) for name, array in arrays.items()}
        torch.save({"model": tensors}, tools.folder / "again")
        done = tools.run(
            "import-checkpoint", "again", "-o", "out.safetensors", f"model.n_heads={HEADS}"
        )
        check(done.returncode == 0, f"--for {layout}, back again {done.stderr.strip()[-200:]}")
        back, _ = plain_safetensors.read(tools.folder / "out.safetensors")
        check(same(back, parameters), f"--for {layout}: every bit")
        hidden = torch.ones(3, 3).triu(1).bool()
        if layout == "original":
            wanted = {**as_experiments_have_it(parameters), "attn_mask": hidden}
            check(set(wanted) == set(tensors) and same(arrays, wanted), "its names and numbers")
        if layout == "authors":
            wanted = {**as_authors_have_it(parameters), "blocks.0.attn.mask": (~hidden).float()}
            check(set(wanted) == set(tensors) and same(arrays, wanted), "their names and numbers")
        if layout == "pytorch":
            network = Plain(8, 8, 3, 8, HEADS, 4, 16)
            network.load_state_dict(tensors)  # strict: all names, and no others
            found = logits_of(network, 7)[2 * 7 + 5]
            wanted = [expected[f"logit_2_5_{c}"] for c in range(7)]
            error = float((found[:7] - torch.tensor(wanted)).abs().max())
            check(error < 5e-6, f"a plain module computes the same logits, off by {error:.1e}")


# ---- a square W_O ----


def check_square(tools):
    settings = ["data.modulus=7", "data.train_fraction=0.6", "model.d_model=16", "model.n_heads=2"]
    settings += ["model.d_head=8", "model.d_mlp=32", "train.snapshot_every=1000"]
    done = tools.run("train", "-q", "-o", "run", *settings, "train.epochs=1000")
    check(done.returncode == 0, f"a network is trained {done.stderr.strip()}")
    done = tools.run("import-checkpoint", "run/trajectory.safetensors", "--epoch", "-1", "-o", "last")
    trained, metadata = plain_safetensors.read(tools.folder / "last")
    names = [name for name in trained if "." in name]
    split = ["data.seed=0", "data.train_fraction=0.6"]
    for what in "rows", "columns":
        joined = {name: torch.tensor(trained[name]) for name in names}
        W_O = joined["blocks.0.attn.W_O"].reshape(16, 16)
        joined["blocks.0.attn.W_O"] = W_O if what == "rows" else W_O.T.contiguous()
        torch.save(joined, tools.folder / "file")
        found = tools.imported(f"a square W_O whose {what} are the heads'", *split)
        if found:
            wanted = {name: torch.tensor(trained[name]) for name in names}
            check(same(found[0], wanted), f"the losses tell that its {what} are the heads'")
        done = tools.run("import-checkpoint", "file", "-o", "asked", "--W_O", what)
        asked, _ = plain_safetensors.read(tools.folder / "asked")
        check(same(asked, wanted), f"--W_O {what}")
    tools.refused("a square W_O without a split", "pass data.seed=")
    torch.save({n: torch.randn_like(p) for n, p in joined.items()}, tools.folder / "file")
    tools.refused("a square W_O of a network that knows nothing", "import-checkpoint --W_O", *split)


def main():
    checkpoints = Path(sys.argv[2]).resolve()
    arrays, _ = plain_safetensors.read(checkpoints / "transformerlens.safetensors")
    parameters = {name: torch.tensor(array) for name, array in arrays.items()}
    rows = [
        line.split("\t")
        for line in (checkpoints / "expected.tsv").read_text().splitlines()
        if line[0] != "#"
    ]
    expected = {row[0]: float(row[1]) for row in rows[1:]}
    with tempfile.TemporaryDirectory() as work:
        tools = Tools(Path(sys.argv[1]).resolve(), Path(work))
        check_ways(tools, parameters)
        check_types(tools, parameters)
        check_big_endian(tools, parameters)
        check_layouts(tools, parameters)
        check_biases(tools, parameters)
        check_carried(tools, parameters)
        check_refusals(tools, parameters)
        check_exports(tools, parameters, expected)
        check_square(tools)
    print(f"{failures} checks failed" if failures else "all as it should be")
    return 1 if failures else 0


sys.exit(main())
