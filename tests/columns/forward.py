"""Networks of all kinds on pairs, by the formulas of tools/network/textbook.h and
tools/network/operations.h, in double precision."""

import math

import numpy

import textbook


def layer_norm(kind, x, w, b):
    centred = x - x.mean(-1, keepdims=True)
    if kind == "pre":
        return w * centred / numpy.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) + b
    return w * centred / (x.std(-1, ddof=1, keepdims=True) + 1e-5) + b


def sinusoids(n, d):
    position, i = numpy.arange(n)[:, None], numpy.arange(d)[None, :]
    angles = position / 10000.0 ** ((i - i % 2) / d)
    return numpy.where(i % 2 == 0, numpy.sin(angles), numpy.cos(angles))


def attention_weights(kind, scores, seen):
    exponentials = numpy.where(seen, numpy.exp(scores), 0)
    return exponentials / ((kind == "softmax1") + exponentials.sum(-1, keepdims=True))


class Forward:
    """All positions of all pairs, in double precision: the stream [pairs, P, d]. `nudge`
    [pairs, 2, d] is added to the embeddings of a and of b; with `like`, a pass of the same pairs
    without it, neurons stay on the side of 0 where they are there."""

    def __init__(self, parameters, settings, a, b, nudge=None, like=None):
        self.W = {name: array.astype(float) for name, array in parameters.items()}
        self.setting = lambda name, default: settings.get(name, default)
        self.norm = self.setting("model.layer_norm", "none")
        self.attention, self.hidden, self.resid_mid = [], [], []  # by layer, at the last position
        self.pre, self.nudge, self.like = [], nudge, like
        x = self.embed(a, b)
        for l in range(int(self.setting("model.n_layers", "1"))):
            x = self.mlp(l, self.heads(l, x))
        if self.norm == "pre":
            x = layer_norm("pre", x, self.W["ln_final.w"], self.W["ln_final.b"])
        W_U = self.W["unembed.W_U"] if "unembed.W_U" in self.W else self.W["embed.W_E"].T
        self.logits = x[:, -1] @ W_U

    def normed(self, kind, name, x):
        return layer_norm(kind, x, self.W[f"{name}.w"], self.W[f"{name}.b"]) if self.norm == kind else x

    def embed(self, a, b):
        W_E = self.W["embed.W_E"]
        tokens = [a, b]
        if self.setting("data.equals", "true") == "true":
            tokens.append(numpy.full(len(a), len(W_E) - 1))
        x = W_E[numpy.stack(tokens, axis=1)]
        if self.nudge is not None:
            x[:, :2] += self.nudge
        if "pos_embed.W_pos" in self.W:
            x = x + self.W["pos_embed.W_pos"]
        elif self.setting("model.positions", "learned") == "sinusoidal":
            x = x + sinusoids(*x.shape[1:])
        registers = self.W.get("registers.W", numpy.zeros((0, x.shape[2])))
        self.R, self.N = len(registers), x.shape[1]
        return numpy.hstack([numpy.broadcast_to(registers, (len(a), *registers.shape)), x])

    def heads(self, l, x):
        W = {n: self.W[f"blocks.{l}.attn.{n}"] for n in ("W_Q", "W_K", "W_V", "W_O")}
        P, rate = self.R + self.N, float(self.setting("model.attention_rate", "1"))
        seen = numpy.tril(numpy.ones((P, P), bool))
        seen[: self.R] = True
        y = self.normed("pre", f"blocks.{l}.ln1", x)[:, None]  # [pairs, 1, P, d]
        scores = (y @ W["W_Q"]) @ (y @ W["W_K"]).swapaxes(-1, -2) / math.sqrt(W["W_Q"].shape[2])
        weights = attention_weights(self.setting("model.attention", "softmax"), scores, seen)
        weights = numpy.where(seen, (1 - rate) + rate * weights, 0)
        self.attention.append(weights[:, :, -1, self.R :])
        x = x + (weights @ (y @ W["W_V"]) @ W["W_O"]).sum(1)
        return self.normed("post", f"blocks.{l}.ln1", x)

    def mlp(self, l, x):
        self.resid_mid.append(x[:, -1])
        if f"blocks.{l}.mlp.W_in" not in self.W:
            self.hidden.append(numpy.zeros((len(x), 0)))
            return x
        W_in, b_in, W_out, b_out = (
            self.W[f"blocks.{l}.mlp.{n}"] for n in ("W_in", "b_in", "W_out", "b_out")
        )
        pre = self.normed("pre", f"blocks.{l}.ln2", x) @ W_in + b_in
        gelu = self.setting("model.activation", "relu") == "gelu"
        hidden = (textbook.gelu if gelu else textbook.relu)(textbook.Rounded(pre)).value
        if self.like and not gelu:
            hidden = numpy.where(self.like.pre[len(self.pre)] > 0, pre, 0)
        self.pre.append(pre)
        self.hidden.append(hidden[:, -1])
        return self.normed("post", f"blocks.{l}.ln2", x + hidden @ W_out + b_out)
