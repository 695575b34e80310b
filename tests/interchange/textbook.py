"""The textbook network in double precision: all positions, each head's scores between all of them,
causal mask, softmax. It shares nothing with tools/model, which computes the same function from
tables.

Every number carries the variance of its float32 error, to first order. Each rounding error is at
most u = 2^-24 of a partial sum, with an effectively random sign: in a sum of n products they add up
to at most sqrt(n) u sum |x_i w_i| (Higham and Mary 2019), in any order of summation. Errors of the
inputs x are independent between elements.
"""

import math

import numpy

U = 2.0**-24
PAIRS_AT_A_TIME = 1000
DEVIATIONS = 3  # of the error, which a logit stays within


class Rounded:
    """Numbers with the variance of their float32 error."""

    def __init__(self, value, variance=0.0):
        self.value, self.variance = value, variance

    def __add__(self, other):
        value = self.value + other.value
        return Rounded(value, self.variance + other.variance + (U * value) ** 2)

    def __matmul__(self, other):
        terms, x, w = self.value.shape[-1], numpy.abs(self.value), numpy.abs(other.value)
        carried = self.variance @ w**2 if numpy.any(self.variance) else 0.0
        if numpy.any(other.variance):
            carried = carried + x**2 @ other.variance
        return Rounded(self.value @ other.value, carried + terms * (U * (x @ w)) ** 2)

    def map(self, function):
        """Of a function that moves, picks or adds elements, whose variances do the same."""
        variance = numpy.broadcast_to(self.variance, self.value.shape)
        return Rounded(function(self.value), function(variance))


def causal_attention(scores, kind):
    """Weights over the last axis, each query seeing the keys up to its own position, of the kind
    softmax or softmax1, which adds 1 to the denominator. A score that is off by e multiplies its
    weight by exp(e), and the others' errors come in through the sum."""
    n = scores.value.shape[-1]
    seen = numpy.tril(numpy.ones((n, n), bool))
    value = numpy.where(seen, scores.value, -numpy.inf)
    top = value.max(-1, keepdims=True)
    weights = numpy.exp(value - top)
    one = {"softmax": 0, "softmax1": 1}[kind]
    weights /= one * numpy.exp(-top) + weights.sum(-1, keepdims=True)
    variance = numpy.where(seen, scores.variance, 0)
    carried = variance + (weights**2 * variance).sum(-1, keepdims=True)
    return Rounded(weights, weights**2 * (carried + (n * U) ** 2))


def relu(pre):
    return Rounded(numpy.maximum(pre.value, 0), pre.variance)


def gelu(pre):
    """x times the normal distribution function of x. Its slope is below 1.13 everywhere."""
    phi = numpy.vectorize(lambda x: math.erfc(-x / math.sqrt(2)) / 2)(pre.value)
    return Rounded(pre.value * phi, 1.13**2 * pre.variance + (U * pre.value) ** 2)


class Activations:
    """What the network computes for pairs of numbers, everything at "=": attention [pairs, H, 3],
    the stream before the MLP [pairs, d_model], neurons [pairs, d_mlp] and logits [pairs, V].
    `parameters` are arrays under TransformerLens' names, `a` and `b` numbers, [pairs]."""

    def __init__(self, parameters, a, b, attention="softmax", activation=relu):
        W = {
            name.split(".")[-1]: Rounded(array.astype(float)) for name, array in parameters.items()
        }
        equals = numpy.full(len(a), len(W["W_E"].value) - 1)
        tokens = numpy.stack([a, b, equals], axis=1)
        resid_pre = Rounded(W["W_E"].value[tokens]) + W["W_pos"]

        by_head = resid_pre.map(lambda x: x[:, None])  # [pairs, 1, 3, d_model]
        q, k, v = by_head @ W["W_Q"], by_head @ W["W_K"], by_head @ W["W_V"]
        scale = 1 / q.value.shape[-1]
        scores = q @ k.map(lambda x: x.swapaxes(-1, -2))
        scores = Rounded(scores.value * scale**0.5, scores.variance * scale)
        weights = causal_attention(scores, attention)  # [pairs, H, 3, 3]
        heads = weights @ v @ W["W_O"]  # [pairs, H, 3, d_model]
        resid_mid = resid_pre + heads.map(lambda x: x.sum(1))

        hidden = activation(resid_mid @ W["W_in"] + W["b_in"])
        resid_post = resid_mid + hidden @ W["W_out"] + W["b_out"]
        self.attention = weights.map(lambda x: x[:, :, -1])
        self.resid_mid = resid_mid.map(lambda x: x[:, -1])
        self.hidden = hidden.map(lambda x: x[:, -1])
        self.logits = (resid_post @ W["W_U"]).map(lambda x: x[:, -1])


def logits_of(parameters, a, b):
    """Of a network of the mainline's kind: softmax, ReLU."""
    return Activations(parameters, a, b).logits


def cross_entropy(logits, answers):
    """log(1 + the sum over the wrong answers of exp(l_j - l_y)), [pairs]: accurate where tiny."""
    pairs = numpy.arange(len(answers))
    excess = logits - logits[pairs, answers][:, None]
    top = excess.max(-1)  # 0 where the answer has the largest logit
    excess[pairs, answers] = -numpy.inf
    others = numpy.exp(excess - top[:, None]).sum(-1)
    return numpy.where(top > 0, top + numpy.log(numpy.exp(-top) + others), numpy.log1p(others))


class Performance:
    """The mean loss, the number of right answers, and what float32 may change of them.

    Where every logit is off by at most d, each exp(l_j - l_y) is off by a factor of at most
    exp(2 d), and so are their sum S, the loss log(1 + S), and any mean of losses. An answer may
    change where the two logits that decide it are within 2 d of each other."""

    def __init__(self, logits, deviation, answers):
        pairs = numpy.arange(len(answers))
        right = logits[pairs, answers]
        others = logits.copy()
        others[pairs, answers] = -numpy.inf
        margins = right - others.max(-1)
        d = DEVIATIONS * deviation.max()
        self.loss = cross_entropy(logits, answers).mean()
        self.tolerance = numpy.expm1(2 * d)
        self.pairs, self.correct = len(answers), int((margins > 0).sum())
        self.undecided = int((numpy.abs(margins) <= 2 * d).sum())


def all_logits(parameters, p):
    """Of all p^2 pairs (a, b), a changing slowest: the logits, and the deviation of their errors."""
    a, b = numpy.divmod(numpy.arange(p * p), p)
    logits, deviations = [], []
    for first in range(0, p * p, PAIRS_AT_A_TIME):
        piece = slice(first, first + PAIRS_AT_A_TIME)
        rounded = logits_of(parameters, a[piece], b[piece])
        logits.append(rounded.value)
        deviations.append(numpy.sqrt(rounded.variance))
    return numpy.concatenate(logits), numpy.concatenate(deviations)
