"""Handmade networks: runs whose weights are sums of cosines and sines with chosen coefficients.

W_E has a cosine and a sine of every frequency, each with an amplitude of its own, and so has
W_L = W_U W_out: of their Fourier components no two have the same norm. The amplitudes change from
snapshot to snapshot, so that a run memorises, forms a circuit and is cleaned up:

  - neurons of two key frequencies, with phases all around the circle, write the answer: at first
    wrong, then weakly, then strongly;
  - neurons of a third frequency write the answer while a trap, a neuron that fires for the test
    pairs, writes another one; in the end all these read another frequency as well, so that they are
    in no cluster any more;
  - a few neurons are of other kinds: dead, of two frequencies in unequal parts, of frequency p/2.

All heads attend to numbers by what they are. They copy both numbers for the neurons; the last one
writes to the logits past them.
"""

from dataclasses import dataclass

import numpy


@dataclass
class Design:
    """Lists have an entry for each snapshot."""

    settings: dict  # those that are not at their default
    keys: tuple  # two frequencies
    memory: int  # a third one
    phases: int  # neurons of each of these
    epochs: list
    answer: list  # amplitude of the answer
    memorised: list  # of what is memorised
    embedded: list  # of the keys in W_E
    scattered: list  # of the other components of W_L
    mixed: list  # of another frequency in what the neurons of the third one read
    idle: list  # of a weight that nothing depends on


def wiggle(*shape):
    """Numbers between -1 and 1 without a pattern."""
    n = numpy.arange(1, 1 + numpy.prod(shape, dtype=int))
    return numpy.sin(0.7 * n * n + n).reshape(shape)


class Handmade:
    def __init__(self, design):
        self.design = design
        self.p = p = int(design.settings["data.modulus"])
        self.n_snapshots = len(design.epochs)
        self.H = int(design.settings["model.n_heads"])
        self.subtracts = design.settings["data.operation"] == "subtract"
        self.V = p + (design.settings["model.output_equals"] == "true")
        # dimensions of the stream: waves 1 .. p - 1 of a number, flags of the three positions, the
        # constant and the waves of the answer
        self.flags = [p - 1, p, p + 1]
        self.written = p + 2 + numpy.arange(p)
        self.d_model = 2 * p + 2
        self.groups = [*design.keys, design.memory]
        self.copied = [2 * k - 1 + i for k in self.groups for i in (0, 1)]  # waves, by the heads
        if p % 2 == 0:
            self.copied.append(p - 1)
        self.d_head = len(self.copied)
        self.d_mlp = len(self.groups) * design.phases + 7

    def settings(self):
        sizes = {"d_model": self.d_model, "d_head": self.d_head, "d_mlp": self.d_mlp}
        return {**self.design.settings, **{f"model.{k}": str(v) for k, v in sizes.items()}}

    def waves(self):
        """[x, component]: 1, cos(w_1 x), sin(w_1 x), cos(w_2 x), ..."""
        x, components = numpy.arange(self.p), numpy.arange(self.p)
        angles = 2 * numpy.pi * (numpy.outer(x, (components + 1) // 2) % self.p) / self.p
        return numpy.where(components % 2 + (components == 0), numpy.cos(angles), numpy.sin(angles))

    def squares(self):
        """Of each wave, the sum over x."""
        return (self.waves() ** 2).sum(0)

    def train_mask(self):
        """The pairs at which the trap is all but silent and both keys' neurons write strongly, with
        exceptions; and that pair which a figure would show, had it not been trained on."""
        x = numpy.arange(self.p)
        of_number = numpy.cos(2 * numpy.pi * self.design.memory * x / self.p)
        silent = numpy.add.outer(of_number, of_number) > 0.1
        t = numpy.add.outer(x, x if self.subtracts else -x)
        strong = [numpy.abs(numpy.cos(numpy.pi * k * t / self.p)) > 0.3 for k in self.design.keys]
        mask = silent & strong[0] & strong[1] & (wiggle(self.p, self.p) < 0.9)
        for k in self.design.keys:
            turns = k * x % self.p / self.p
            off = numpy.add.outer((turns - 0.08) ** 2, (turns - 0.18) ** 2)
            mask[numpy.unravel_index(off.argmin(), off.shape)] = True
        return mask

    # ---- weights ----

    def amplitudes_of_W_E(self, t):
        """[component]: of the waves in W_E."""
        amplitudes = 0.25 + 0.2 * wiggle(self.p)
        for k in self.groups:
            amplitudes[2 * k - 1 : 2 * k + 1] += self.design.embedded[t] * numpy.array([1, 0.8])
        return amplitudes

    def mix(self):
        """[wave, dimension]: each wave lies partly along the next one's dimension."""
        return numpy.eye(self.p - 1) + 0.3 * numpy.eye(self.p - 1, k=1)

    def embedding(self, t):
        W_E = numpy.zeros((self.p + 1, self.d_model))
        amplitudes = self.amplitudes_of_W_E(t)
        W_E[:-1, : self.p - 1] = (self.waves() * amplitudes)[:, 1:] @ self.mix()
        W_E[:-1, self.written[0]] = amplitudes[0]
        W_E[-1, self.flags[2]] = 1
        W_E[-1, self.written] = 0.2 * wiggle(self.p)
        W_pos = numpy.zeros((3, self.d_model))
        W_pos[[0, 1], self.flags[:2]] = 1
        W_pos[2, self.written] = 0.1 * wiggle(self.p)[::-1]
        return W_E, W_pos

    def attention(self, t):
        H, d, d_head = self.H, self.d_model, self.d_head
        W_Q, W_K, W_V = numpy.zeros((3, H, d, d_head))
        W_O = numpy.zeros((H, d_head, d))
        dimensions = numpy.array(self.copied) - 1
        unmixed = numpy.linalg.inv(self.mix())[:, dimensions]
        unmixed = unmixed / self.amplitudes_of_W_E(t)[self.copied]
        by_number = self.score_of_numbers(t)
        for h in range(H):
            W_Q[h, self.flags[2], :2] = [2, 1 + 0.1 * h]
            W_K[h, : self.p - 1, 0] = by_number[h]
            W_K[h, self.flags[2], 1] = -12
            W_V[h, : self.p - 1] = unmixed
            if self.subtracts and h < 2:
                W_K[h, self.flags[h], 1] = 7
                W_K[h, self.flags[1 - h], 1] = -9
            if h < 2:
                W_O[h, range(d_head), dimensions] = 1
        if self.subtracts:
            W_O[1, range(1, d_head, 2)] *= -1
        else:
            W_K[1, :, 0] = -0.97 * W_K[0, :, 0]  # what one head leaves of a number, the other takes
        W_O[H - 1, 0, self.written] += 0.1 * wiggle(self.p)
        W_O[H - 1, 3, self.written[2 * self.groups[0]]] += 0.1
        return W_Q, W_K, W_V, W_O

    def score_of_numbers(self, t):
        """[head, wave]: by which a head's scores depend on a number."""
        scores = 0.02 * wiggle(self.H, self.p - 1)
        for h in range(self.H):
            k = self.groups[h % 3]
            scores[h, 2 * k - 2 : 2 * k] += [0.5 / self.design.embedded[t], 0.3]
        return scores

    def mlp(self, t):
        design, n = self.design, self.design.phases
        W_in, b_in = numpy.zeros((self.d_model, self.d_mlp)), numpy.zeros(self.d_mlp)
        W_out = design.scattered[t] * 0.03 * wiggle(self.d_mlp, self.p)  # [neuron, component]
        for group, k in enumerate(self.groups):
            neurons = group * n + numpy.arange(n)
            phase = 2 * numpy.pi * numpy.arange(n) / n
            W_in[2 * k - 2, neurons], W_in[2 * k - 1, neurons] = numpy.cos(phase), numpy.sin(phase)
            b_in[neurons] = 0.1 * wiggle(n)
            strength = (design.answer if group < 2 else design.memorised)[t] * 10 / n
            cos, sin = strength / self.W_U_scales()[2 * k - 1 : 2 * k + 1]
            W_out[neurons, 2 * k - 1] += cos * numpy.cos(2 * phase)
            W_out[neurons, 2 * k] += 0.9 * sin * numpy.sin(2 * phase)
            if group == 2:
                of_key = 2 * self.groups[0] - 2
                W_in[of_key, neurons] = design.mixed[t] * numpy.cos(phase)
                W_in[of_key + 1, neurons] = design.mixed[t] * numpy.sin(phase)
        self.add_others(t, W_in, b_in, W_out)
        b_out = numpy.zeros(self.d_model)
        b_out[self.written] = 0.1 * wiggle(self.p)
        full = numpy.zeros((self.d_mlp, self.d_model))
        full[:, self.written] = W_out
        return W_in, b_in, full, b_out

    def add_others(self, t, W_in, b_in, W_out):
        """A dead neuron; three that are linear in waves of both keys, one of them in parts too
        equal for a cluster; one that is all but constant; the trap; one of frequency p/2 where
        there is one, else one of a sine."""
        first = len(self.groups) * self.design.phases
        one, two, three = (2 * k - 2 for k in self.groups)
        dead, mostly_one, mostly_two, both, still, trap, last = range(first, first + 7)
        b_in[dead] = -60
        W_in[[one, two], mostly_one], b_in[mostly_one] = [3, 1], 9
        W_in[[two, one], mostly_two], b_in[mostly_two] = [2, 0.6], 6
        W_in[[two, one], both], b_in[both] = [2, 1.5], 8
        W_in[two, still], b_in[still] = 0.1, 1
        W_out[[mostly_one, mostly_two, both]] *= 0.2
        W_in[[one, three], trap] = [self.design.mixed[t], -1]
        W_out[trap, 1] += 0.6 * self.design.memorised[t]
        if self.p % 2 == 0:
            W_in[self.p - 2, last] = 1
        else:
            W_in[one + 1, last], b_in[last] = 1, 0.4
        W_out[last, self.p - 1] += 0.1

    def W_U_scales(self):
        """[component]: of the waves of the answer in W_U."""
        return 1 + 0.3 * wiggle(self.p)

    def unembedding(self, t):
        W_U = numpy.zeros((self.d_model, self.V))
        W_U[self.written, : self.p] = (self.waves() * self.W_U_scales()).T
        W_U[self.written[0], self.p :] = 7  # "="
        W_U[self.flags[0], 0] = self.design.idle[t]  # no stream at "=" has this flag
        return W_U

    def snapshot(self, t):
        W_E, W_pos = self.embedding(t)
        W_Q, W_K, W_V, W_O = self.attention(t)
        W_in, b_in, W_out, b_out = self.mlp(t)
        arrays = {
            "embed.W_E": W_E,
            "pos_embed.W_pos": W_pos,
            "blocks.0.attn.W_Q": W_Q,
            "blocks.0.attn.W_K": W_K,
            "blocks.0.attn.W_V": W_V,
            "blocks.0.attn.W_O": W_O,
            "blocks.0.mlp.W_in": W_in,
            "blocks.0.mlp.b_in": b_in,
            "blocks.0.mlp.W_out": W_out,
            "blocks.0.mlp.b_out": b_out,
            "unembed.W_U": self.unembedding(t),
        }
        return {name: array.astype("<f4") for name, array in arrays.items()}

    # ---- closed forms ----

    def norms_of_W_E(self, t):
        """[component]: amplitude times the norms of the wave and of its direction."""
        directions = numpy.append(1, numpy.linalg.norm(self.mix(), axis=1))
        return numpy.abs(self.amplitudes_of_W_E(t)) * numpy.sqrt(self.squares()) * directions

    def norms_of_W_L(self, t):
        W_out = self.mlp(t)[2][:, self.written]
        over_neurons = numpy.linalg.norm(W_out, axis=0)
        return over_neurons * self.W_U_scales() * numpy.sqrt(self.squares())
