"""networks.py TOOLS: do the tables of networks of other kinds hold what their columns say?

Several layers, layer normalisations, other positions, registers, tied embeddings, layers without
neurons, inputs without "=", attention rates: networks of random weights, whose numbers are waves of
one frequency, are saved as trajectories and run through all analysis tools, at each layer. Every
column is compared with what numpy computes by the formulas of tools/network/textbook.h and
tools/network/operations.h and by the definitions (definitions.py).

Not covered: what columns.py says; turning points; of networks without neurons the quantities and
the replacements.

TOOLS is the folder of the programs. Exit status: 0 if everything agrees, 1 otherwise.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

sys.path.append(str(Path(__file__).resolve().parents[1] / "interchange"))

import numpy

import definitions
import plain_safetensors
import tables
from forward import Forward, sinusoids
from tables import Table, check, check_table

NAN = float("nan")
EPOCHS = [0, 10, 20]
OF_ALL = "effective-ranks", "rank-quantities", "clock-or-pizza"  # snapshots
SIZES = {
    "data.modulus": "13",
    "model.d_model": "16",
    "model.n_heads": "3",
    "model.d_head": "4",
    "model.d_mlp": "24",
}
KINDS = {
    "two-layers": {"model.n_layers": "2"},
    "three-layers": {
        "model.n_layers": "3",
        "model.activation": "gelu",
        "model.attention": "softmax1",
        "data.operation": "subtract",
    },
    "pre": {"model.layer_norm": "pre"},
    "pre-two-layers": {"model.layer_norm": "pre", "model.n_layers": "2"},
    "post": {"model.layer_norm": "post", "model.output_equals": "false"},
    "post-two-layers": {"model.layer_norm": "post", "model.n_layers": "2"},
    "registers": {"model.registers": "2", "model.n_layers": "2"},
    "registers-one-layer": {"model.registers": "2"},
    "tied": {"model.tied_embeddings": "true"},
    "sinusoidal": {"model.positions": "sinusoidal", "model.attention_rate": "0.5"},
    "no-positions": {"model.positions": "none", "model.dropout": "0.1"},
    "no-equals": {"data.equals": "false"},
    "no-equals-two-layers": {"data.equals": "false", "model.n_layers": "2"},
    "attention-rate": {"model.attention_rate": "0.5"},
    "no-equals-tied-pre": {
        "data.equals": "false",
        "model.tied_embeddings": "true",
        "model.layer_norm": "pre",
        "model.registers": "1",
    },
    "no-neurons": {"model.d_mlp": "0", "model.n_layers": "2"},
}


# ---- weights ----


class Maker:
    """The weights of a snapshot, under their names in files."""

    def __init__(self, settings, seed):
        self.settings = settings
        self.random = numpy.random.default_rng(seed)
        size = lambda name: int(settings.get(name, SIZES.get(name, "0")))
        self.p, self.d, self.m = (size(f"{n}") for n in ("data.modulus", "model.d_model", "model.d_mlp"))
        self.H, self.d_head = size("model.n_heads"), size("model.d_head")
        self.n_layers = int(settings.get("model.n_layers", "1"))
        self.registers = size("model.registers")
        self.equals = settings.get("data.equals") != "false"
        self.norm = settings.get("model.layer_norm", "none")

    def normal(self, *shape, scale=1.0, about=0.0):
        return about + scale * self.random.standard_normal(shape)

    def embedding(self):
        """Waves of frequency 2 of the numbers, and a little of everything else."""
        angles = 4 * numpy.pi * numpy.arange(self.p) / self.p
        waves = numpy.stack([numpy.cos(angles), numpy.sin(angles)], axis=1)
        numbers = waves @ self.normal(2, self.d, scale=0.7) + self.normal(self.p, self.d, scale=0.1)
        return numpy.vstack([numbers, self.normal(int(self.equals), self.d, scale=0.5)])

    def layer(self, arrays, l):
        H, d, d_head, m = self.H, self.d, self.d_head, self.m
        for name in "W_Q", "W_K", "W_V":
            arrays[f"blocks.{l}.attn.{name}"] = self.normal(H, d, d_head, scale=d**-0.5)
        arrays[f"blocks.{l}.attn.W_O"] = self.normal(H, d_head, d, scale=0.5)
        if m > 0:
            arrays[f"blocks.{l}.mlp.W_in"] = self.normal(d, m, scale=d**-0.5)
            arrays[f"blocks.{l}.mlp.b_in"] = self.normal(m, scale=0.3, about=0.8)
            arrays[f"blocks.{l}.mlp.W_out"] = self.normal(m, d, scale=0.3 / self.n_layers)
            arrays[f"blocks.{l}.mlp.b_out"] = self.normal(d, scale=0.3)
        for norm in ["ln1", "ln2"][: 0 if self.norm == "none" else 1 if m == 0 else 2]:
            arrays[f"blocks.{l}.{norm}.w"] = self.normal(d, scale=0.2, about=1)
            arrays[f"blocks.{l}.{norm}.b"] = self.normal(d, scale=0.2)

    def arrays(self):
        arrays = {"embed.W_E": self.embedding()}
        if self.settings.get("model.positions", "learned") == "learned":
            arrays["pos_embed.W_pos"] = self.normal(2 + self.equals, self.d, scale=0.3)
        if self.registers:
            arrays["registers.W"] = self.normal(self.registers, self.d, scale=0.5)
        for l in range(self.n_layers):
            self.layer(arrays, l)
        if self.norm == "pre":
            arrays["ln_final.w"] = self.normal(self.d, scale=0.2, about=1)
            arrays["ln_final.b"] = self.normal(self.d, scale=0.2)
        if self.settings.get("model.tied_embeddings") != "true":
            V = self.p + (self.equals and self.settings.get("model.output_equals") != "false")
            arrays["unembed.W_U"] = self.normal(self.d, V, scale=0.3)
        return {name: array.astype("<f4") for name, array in arrays.items()}


# ---- the network ----


class Network(definitions.Snapshot):
    """Seen at one layer. With `random`, weights and activations are off by errors of the size of
    float32's."""

    def __init__(self, parameters, settings, train_mask, layer, random=None):
        self.random = random
        parameters = {name: self.rounded(array) for name, array in parameters.items()}
        self.layer, self.n_layers = layer, int(settings.get("model.n_layers", "1"))
        self.normalised = settings.get("model.layer_norm", "none") != "none"
        self.equals = settings.get("data.equals", "true") == "true"
        self.has_neurons = any(name.endswith("W_in") for name in parameters)
        self.logits_are_sum = not self.normalised and layer == self.n_layers - 1
        self.reads_W_E = self.has_neurons and not self.normalised and layer == 0
        learned = settings.get("model.positions", "learned") != "sinusoidal"
        registers = any(name.startswith("registers") for name in parameters)
        self.stream_is_sum = (
            self.equals and learned and not (registers or self.normalised) and self.n_layers == 1
        )
        super().__init__(parameters, settings, train_mask)

    def weights(self):
        own = f"blocks.{self.layer}."
        W = {
            name.split(".")[-1]: array.astype(float)
            for name, array in self.parameters.items()
            if not name.startswith("blocks.") or name.startswith((own + "attn", own + "mlp"))
        }
        return {"W_U": W["W_E"].T, **W}

    def rounded(self, x):
        if not self.random:
            return x
        return x * (1 + 2.0**-24 * self.random.standard_normal(x.shape))

    def run(self, parameters):
        computed = Forward(parameters, self.settings, self.a, self.b)
        attention = computed.attention[self.layer] * (1 if self.equals else NAN)
        return SimpleNamespace(
            attention=SimpleNamespace(value=self.rounded(attention)),
            hidden=SimpleNamespace(value=self.rounded(computed.hidden[self.layer])),
            resid_mid=SimpleNamespace(value=self.rounded(computed.resid_mid[self.layer])),
            logits=SimpleNamespace(value=self.rounded(computed.logits)),
        )

    def excluded(self, keys):
        return self.rounded(super().excluded(keys))

    def restricted(self, keys):
        return self.rounded(super().restricted(keys))

    def map(self):
        if not self.has_neurons:
            return numpy.full((self.p, 0), NAN)
        return super().map() * (NAN if self.normalised else 1)

    def norms_of_W_L(self):
        return super().norms_of_W_L() if self.has_neurons else numpy.full(self.p, NAN)

    def at_equals(self):
        W_E, kind = self.W["W_E"], self.settings.get("model.positions", "learned")
        pre = self.settings.get("model.layer_norm", "none") == "pre"
        if not self.equals or pre or self.layer > 0:
            return numpy.full(W_E.shape[1], NAN)
        position = {"sinusoidal": sinusoids(3, W_E.shape[1])[2], "none": 0}
        return W_E[-1] + (self.W["W_pos"][2] if kind == "learned" else position[kind])

    def squared(self):
        """Summed over layers; 0 of what is not there."""
        names = "W_E W_pos W_Q W_K W_V W_O W_in b_in W_out b_out W_U".split()
        of = lambda last: [x for n, x in self.parameters.items() if n.endswith(f".{last}")]
        return {last: sum((x.astype(float) ** 2).sum() for x in of(last)) for last in names}


# ---- the tables ----


def expected_tables(nets, keys):
    """{tool: its tables}. Without neurons some are not defined."""
    net, epoch = nets[-1], EPOCHS[-1]
    progress = definitions.progress_tables(nets, keys, EPOCHS)
    del progress["progress-quantities"]  # the turning points of a run, which this is not
    if keys:
        spectra = definitions.spectrum_tables(net, keys, epoch)
        ablations = definitions.ablation_tables(net, keys, epoch)
    else:
        spectra = {
            "spectrum": definitions.spectrum(net),
            "key-frequencies": dict.fromkeys(definitions.key_frequencies(net, []), ()),
            "neurons": definitions.neurons(net),
            "neuron-logit-map": definitions.neuron_logit_map(net),
            "activations": definitions.activations(net),
            "activation-spectrum": definitions.activation_spectrum(net, []),
            "ov-spectrum": definitions.by_head(net, "OV", definitions.ov_norms(net)),
            "attention-spectrum": definitions.attention_spectrum(net),
            "attention-fits": definitions.attention_fits(net, []),
            "logit-spectrum": definitions.logit_spectrum(net),
        }
        ablations = {"ablations": definitions.ablations(net, [])}
    return {
        "checkpoint-to-spectrum": spectra,
        "ablate": ablations,
        "trace-algorithm": definitions.trace_tables(net, keys or list(net.frequencies)),
        "progress-measures": progress,
        "principal-components": definitions.component_tables(net, nets, keys, EPOCHS),
    }


class Run:
    def __init__(self, name, kind, tools, work):
        self.name, self.tools, self.folder = name, tools, work / name
        self.folder.mkdir()
        self.settings = tables.configure(tools, self.folder, {**SIZES, **kind})
        p = int(self.settings["data.modulus"])
        self.mask = numpy.random.default_rng(1).random((p, p)) < 0.4
        self.snapshots = [Maker(self.settings, seed).arrays() for seed in range(len(EPOCHS))]
        arrays = {n: numpy.stack([s[n] for s in self.snapshots]) for n in self.snapshots[0]}
        arrays |= {"epoch": numpy.array(EPOCHS), "train_mask": self.mask}
        self.file = self.folder / "trajectory.safetensors"
        plain_safetensors.write(self.file, arrays, metadata=self.settings)
        self.n_layers = int(self.settings.get("model.n_layers", "1"))

    def title(self, tool, layer, table):
        if tool == "trace-algorithm":
            return "frequency k = "
        where = f" (layer {layer} of 0..{self.n_layers - 1})" if self.n_layers > 1 else ""
        of_all = tool == "progress-measures" or table in OF_ALL
        epoch = "" if of_all else f", at epoch {EPOCHS[-1]}"
        return f"mod {self.settings['data.modulus']}{where}{epoch}"

    def run_tool(self, tool, folder, layer, *overrides):
        """Without --layer it takes the last."""
        output = ["-o", folder]
        if tool == "progress-measures":
            (self.folder / folder).mkdir()
            output = ["-o", f"{folder}/{tool}.tsv", "--tables", folder]
        options = ["--layer", str(layer)] if layer < self.n_layers - 1 else []
        command = [self.tools / tool, *output, *options, self.file, *overrides]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        check(done.returncode == 0, f"{self.name}: {tool} runs: {done.stderr.strip()}")

    def check_logarithms(self, layer):
        """Were the network one that multiplies."""
        operation = "divide" if self.settings["data.operation"] == "subtract" else "multiply"
        settings = {**self.settings, "data.operation": operation}
        folder, p = f"logarithms-{layer}", int(settings["data.modulus"])

        def expected(random=None):
            made_of = [(s, settings, self.mask) for s in self.snapshots]
            plain = [Network(*parts, layer, random) for parts in made_of]
            nets = [Network(*definitions.relabelled(*parts), layer, random) for parts in made_of]
            plain_keys, keys = (of[-1].keys() for of in (plain, nets))
            return definitions.logarithm_tables(plain[-1], plain_keys, nets[-1], keys, EPOCHS[-1])

        self.run_tool("discrete-logarithms", folder, layer, f"data.operation={operation}")
        others = [expected(numpy.random.default_rng(seed)) for seed in range(3)]
        for name, columns in expected().items():
            check_table(
                f"{self.name}/{folder}/{name}",
                Table(self.folder / folder / f"{name}.tsv"),
                columns,
                f"mod {p}",
                [other[name] for other in others],
            )

    def networks(self, layer, random=None):
        return [Network(s, self.settings, self.mask, layer, random) for s in self.snapshots]

    def check_layer(self, layer):
        nets = self.networks(layer)
        keys = nets[-1].keys()
        check(bool(keys) == nets[-1].has_neurons, f"{self.name}: the keys {keys} of layer {layer}")
        near = [self.networks(layer, numpy.random.default_rng(seed)) for seed in range(3)]
        others = [expected_tables(networks, keys) for networks in near]
        algorithms = definitions.algorithm_tables(nets[-1], nets, EPOCHS)
        all_expected = {**expected_tables(nets, keys), "clock-or-pizza": algorithms}
        for tool, expected in all_expected.items():
            folder = f"{tool}-{layer}"
            self.run_tool(tool, folder, layer)
            for name, columns in expected.items():
                check_table(
                    f"{self.name}/{folder}/{name}",
                    Table(self.folder / folder / f"{name}.tsv"),
                    columns,
                    self.title(tool, layer, name),
                    [other[tool][name] for other in others if tool in other],
                )


def main():
    tools = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as directory:
        for name, kind in KINDS.items():
            run = Run(name, kind, tools, Path(directory))
            for layer in range(run.n_layers):
                run.check_layer(layer)
                run.check_logarithms(layer)
    return tables.finish()


sys.exit(main())
