"""What the tables hold, computed from the weights in double precision by the definitions in the
paper and in the tables' comments: projections are least-squares fits, sums over pairs are sums over
pairs. It shares nothing with tools/.

A table is {column: values}; one of quantities has {"quantity": (value, unit)}.
"""

import functools
import math

import numpy

import counter_based
import textbook
from forward import Forward

THRESHOLD = 0.85  # of a cluster
NAN = float("nan")


def projected(functions, values):
    """The projection of the columns of `values` on the span of the columns of `functions`; nan if
    there are none such."""
    if numpy.isnan(functions).any():
        return numpy.nan * values
    basis, singular, _ = numpy.linalg.svd(functions, full_matrices=False)
    basis = basis[:, singular > 1e-9 * singular[0]]
    return basis @ (basis.T @ values)


def least_squares(functions, values):
    """The coefficients of the columns of `functions`; nan if the values are."""
    if numpy.isnan(functions).any() or numpy.isnan(values).any():
        return numpy.full((functions.shape[1], *values.shape[1:]), NAN)
    return numpy.linalg.lstsq(functions, values, rcond=None)[0]


class Losses:
    """Of logits [pairs, p]: over all pairs, those that trained, and the others."""

    def __init__(self, logits, answers, train):
        by_pair = textbook.cross_entropy(logits, answers)
        others = logits.copy()
        others[range(len(answers)), answers] = -numpy.inf
        margins = logits[range(len(answers)), answers] - others.max(1)
        right = numpy.where(numpy.isnan(margins), NAN, margins > 0)
        self.least_margin = numpy.abs(margins).min()
        self.all, self.train, self.test = (by_pair[s].mean() for s in (train | True, train, ~train))
        self.accuracy, self.train_accuracy, self.test_accuracy = (
            right[s].mean() for s in (train | True, train, ~train)
        )


class Snapshot:
    """A network and what follows from its weights alone."""

    logits_are_sum = True  # of W_L hidden, the skip connection and W_U b_out
    stream_is_sum = True  # of x_= and what the heads add, where no other layer follows
    reads_W_E = True  # whose rows, through W_V, W_O and W_in, neurons are linear in before f

    def __init__(self, parameters, settings, train_mask):
        self.settings = settings
        self.parameters = parameters
        self.W = self.weights()
        self.p = p = int(settings["data.modulus"])
        self.train = train_mask.ravel()
        self.a, self.b = numpy.divmod(numpy.arange(p * p), p)
        self.sign = -1 if settings["data.operation"] == "subtract" else 1
        self.s = (self.a + self.sign * self.b) % p
        self.frequencies = range(1, p // 2 + 1)
        computed = self.run(parameters)
        self.attention, self.hidden, self.resid_mid = (
            x.value for x in (computed.attention, computed.hidden, computed.resid_mid)
        )
        self.logits = computed.logits.value[:, :p]
        self.W_L = self.map()  # [p, d_mlp]
        self.fve = self.shares_of_neurons()
        self.frequency = self.fve.argmax(0) + 1
        self.fve = self.fve.max(0)
        self.frequency[self.fve == 0] = 0
        self.clustered = self.fve > THRESHOLD
        self.losses = self.losses_of(self.logits)

    def activation(self):
        return {"relu": textbook.relu, "gelu": textbook.gelu}[self.settings["model.activation"]]

    def run(self, parameters):
        attention = self.settings["model.attention"]
        return textbook.Activations(parameters, self.a, self.b, attention, self.activation())

    def weights(self):
        """By the names in the paper."""
        return {name.split(".")[-1]: x.astype(float) for name, x in self.parameters.items()}

    def map(self):
        return (self.W["W_out"] @ self.W["W_U"])[:, : self.p].T

    def at_equals(self):
        """x_=, the stream at "=" before attention; nan if scores are not sums over tokens."""
        return self.W["W_E"][-1] + self.W["W_pos"][2]

    def losses_of(self, logits):
        return Losses(logits, self.s, self.train)

    # ---- waves ----

    def angle(self, k, x):
        """w_k x, for whole x exactly reduced."""
        return 2 * numpy.pi * (k * x % self.p) / self.p

    def waves(self, k, x):
        """[len(x), 2]: cos(w_k x), sin(w_k x); without the sine of p/2."""
        angles = self.angle(k, x)
        both = [numpy.cos(angles), numpy.sin(angles)]
        return numpy.stack(both[: 1 if 2 * k == self.p else 2], axis=-1)

    def directions(self, keys):
        """cos and sin of w_k s for all keys, [pairs, ...]"""
        return self.joined([self.waves(k, self.s) for k in keys])

    def products(self, keys):
        """The products of 1, cos, sin of w_k a and of w_k b, but 1, for all keys."""
        one, columns = numpy.ones((self.p**2, 1)), []
        for k in keys:
            of_a, of_b = (numpy.hstack([one, self.waves(k, x)]) for x in (self.a, self.b))
            grid = of_a[:, :, None] * of_b[:, None, :]
            columns.append(grid.reshape(self.p**2, -1)[:, 1:])
        return self.joined(columns)

    def joined(self, columns):
        return numpy.hstack([numpy.zeros((self.p**2, 1)), *columns])

    def components(self):
        """[x, component] of the orthonormal basis: the constant, then cosine and sine by k."""
        x = numpy.arange(self.p)
        columns = [numpy.ones((self.p, 1))] + [self.waves(k, x) for k in self.frequencies]
        basis = numpy.hstack(columns)
        return basis / numpy.linalg.norm(basis, axis=0)

    def by_frequency(self, components):
        """{k: its cosine and sine, nan where there is none}, k = 0 being the constant."""
        padded = {0: (components[0], NAN)}
        for k in self.frequencies:
            padded[k] = (components[2 * k - 1], components[2 * k] if 2 * k < self.p else NAN)
        return padded

    # ---- heads ----

    def streams(self):
        """At the positions of a, b and "=" before attention, each [pairs, d_model]."""
        W_E = self.W["W_E"]
        at = numpy.stack([W_E[self.a], W_E[self.b], W_E[numpy.full(len(self.a), -1)]])
        return at + self.W["W_pos"][:, None] if "W_pos" in self.W else at

    def reattended(self, weights, skip=1):
        """The logits with these attention weights [pairs, H, 3], and so much of x_=."""
        W, streams = self.W, self.streams()
        stream = skip * streams[2]
        for h, (W_V, W_O) in enumerate(zip(W["W_V"], W["W_O"])):
            for position in range(3):
                stream = stream + weights[:, h, position, None] * (streams[position] @ W_V @ W_O)
        hidden = self.activation()(textbook.Rounded(stream @ W["W_in"] + W["b_in"])).value
        return ((stream + hidden @ W["W_out"] + W["b_out"]) @ W["W_U"])[:, : self.p]

    def ov_circuits(self):
        """[H, p, d_mlp]; nan where neurons are no such function of W_E."""
        W = self.W
        if not self.reads_W_E:
            return numpy.full((len(W["W_V"]), self.p, 1), NAN)
        return W["W_E"][: self.p] @ W["W_V"] @ W["W_O"] @ W["W_in"]

    # ---- neurons ----

    def deviation(self, values):
        return values - values.mean(0)

    def shares_of_neurons(self):
        """[k, neuron]: of a neuron's variance, that of its polynomial of degree 2."""
        deviation = self.deviation(self.hidden)
        total = (deviation**2).sum(0)
        parts = [projected(self.products([k]), self.hidden) for k in self.frequencies]
        shares = numpy.array([(part**2).sum(0) for part in parts])
        return shares / numpy.where(total > 0, total, 1)

    def keys(self):
        return sorted(set(self.frequency[self.clustered]))

    # ---- weights ----

    def norms(self, matrix):
        """[component]: norms of the Fourier components of its rows."""
        return numpy.linalg.norm(self.components().T @ matrix, axis=1)

    def norms_of_W_E(self):
        return self.norms(self.W["W_E"][: self.p])

    def norms_of_W_L(self):
        return self.norms(self.W_L)

    def map_vectors(self, k):
        """u_k and v_k, [2, d_mlp]: W_L's coefficients of cos(w_k c) and sin(w_k c)."""
        return least_squares(self.waves(k, numpy.arange(self.p)), self.W_L)

    def squared(self):
        """By parameter."""
        return {name: (array**2).sum() for name, array in self.W.items()}

    def squared_weights(self):
        return sum((array.astype(float) ** 2).sum() for array in self.parameters.values())

    # ---- logits ----

    def restricted(self, keys):
        return self.logits.mean(0) + projected(self.directions(keys), self.logits)

    def excluded(self, keys):
        return self.logits - projected(self.directions(keys), self.logits)

    def excluded_3d(self, keys):
        """Without their projections, over all pairs and outputs at once, on the cosines."""
        logits = self.logits.copy()
        for k in keys:
            wave = self.cosine(k)
            logits -= (wave * self.logits).sum() / (wave**2).sum() * wave
        return logits

    def cosine(self, k):
        """cos(w_k(s - c)), [pairs, p]"""
        return numpy.cos(self.angle(k, self.s[:, None] - numpy.arange(self.p)))

    def alphas(self):
        """{k: coefficient of cos(w_k(s - c)) in the logits}, by one fit of all and a constant."""
        waves = [numpy.ones(self.p**3)] + [self.cosine(k).ravel() for k in self.frequencies]
        fitted = least_squares(numpy.stack(waves, axis=1), self.logits.ravel())
        return dict(zip(self.frequencies, fitted[1:]))


def together(pair):
    """The norm of a cosine and a sine, which may be nan; nan if both are."""
    numbers = [x for x in pair if not math.isnan(x)]
    return math.hypot(*numbers) if numbers else NAN


def gini(values):
    """The mean absolute difference over twice the mean."""
    n = len(values)
    return numpy.abs(numpy.subtract.outer(values, values)).sum() / (2 * n * values.sum())


# ---- checkpoint-to-spectrum ----


def spectrum(net):
    W_E, W_L = (net.by_frequency(norms) for norms in (net.norms_of_W_E(), net.norms_of_W_L()))
    return {
        "frequency": list(W_E),
        "W_E_cos": [cos for cos, _ in W_E.values()],
        "W_E_sin": [sin for _, sin in W_E.values()],
        "W_L_cos": [cos for cos, _ in W_L.values()],
        "W_L_sin": [sin for _, sin in W_L.values()],
    }


def cluster(net, k):
    return net.fve[net.clustered & (net.frequency == k)]


def mean(values):
    return numpy.mean(values) if len(values) else NAN


def key_frequencies(net, keys):
    clusters = [cluster(net, k) for k in keys]
    return {
        "frequency": keys,
        "neurons": [len(fve) for fve in clusters],
        "mean_fve": [mean(fve) for fve in clusters],
        "median_fve": [numpy.median(fve) if len(fve) else NAN for fve in clusters],
    }


def neurons(net):
    return {
        "neuron": range(len(net.fve)),
        "frequency": net.frequency,
        "fve": net.fve,
        "cluster": net.clustered.astype(int),
    }


def neuron_logit_map(net):
    sizes = [len(cluster(net, k)) for k in net.frequencies]
    k = 1 + int(numpy.argmax(sizes))
    members = numpy.flatnonzero(net.clustered & (net.frequency == k))
    components = net.components().T @ net.W_L  # [p, d_mlp]
    cos, sin = components[2 * k - 1], components[2 * k] if 2 * k < net.p else 0 * components[0]
    members = sorted(members, key=lambda i: math.atan2(sin[i], cos[i]))
    return {
        "order": numpy.repeat(numpy.arange(len(members)), net.p),
        "neuron": numpy.repeat(members, net.p),
        "component": numpy.tile(numpy.arange(net.p), len(members)),
        "value": components[:, members].T.ravel(),
    }


def wave_fit(net, k, i):
    """norm, alpha, fve and coefficient of u_k (i = 0) or v_k (i = 1)."""
    vectors, waves = net.map_vectors(k), net.waves(k, net.s)
    if i >= len(vectors):
        return NAN, NAN, NAN, NAN
    values = net.deviation(net.hidden @ vectors[i])
    alpha = least_squares(waves[:, [i]], values)[0]
    rest = values - alpha * waves[:, i]
    fve = 1 - (rest @ rest) / (values @ values)
    wave = net.waves(k, numpy.arange(net.p))[:, i]
    return numpy.linalg.norm(vectors[i]), alpha, fve, alpha * numpy.linalg.norm(wave)


def neuron_logit_directions(net, keys):
    u, v = (numpy.array([wave_fit(net, k, i) for k in keys]) for i in (0, 1))
    return {
        "frequency": keys,
        "fve_u": u[:, 2],
        "fve_v": v[:, 2],
        "norm_u": u[:, 0],
        "norm_v": v[:, 0],
        "alpha_u": u[:, 1],
        "alpha_v": v[:, 1],
        "coefficient_u": u[:, 3],
        "coefficient_v": v[:, 3],
    }


def first_neurons(net):
    """[pairs, 4] or fewer; one that is nan if there are none."""
    none = numpy.full((len(net.a), 1), NAN)
    return net.hidden[:, :4] if net.hidden.shape[1] else none


def polynomial(net, i):
    """A neuron projected on the products of its frequency and 1; its mean, if it has none."""
    k, values = net.frequency[i], net.hidden[:, i]
    return values.mean() + (projected(net.products([k]), values) if k else 0 * values)


def activations(net):
    columns, heads = {"a": net.a, "b": net.b}, range(net.attention.shape[1])
    neurons = first_neurons(net)
    columns |= {f"attention_{h}": net.attention[:, h, 0] for h in heads}
    columns |= {f"neuron_{i}": neurons[:, i] for i in range(neurons.shape[1])}
    columns |= {f"attention_b_{h}": net.attention[:, h, 1] for h in heads}
    columns |= {f"attention_fit_{h}": fitted_attention(net, h) for h in heads}
    polynomials = [polynomial(net, i) for i in range(min(net.hidden.shape[1], 4))]
    columns |= {f"polynomial_{i}": x for i, x in enumerate(polynomials or [neurons[:, 0]])}
    return columns


def scores(net, h):
    """C_h: what each number adds to a score."""
    query = net.at_equals() @ net.W["W_Q"][h]
    return net.W["W_E"][: net.p] @ net.W["W_K"][h] @ query / math.sqrt(len(query))


def in_both_bases(net, values):
    """The components of values[pairs], mean removed: row p i + j is i over a, j over b."""
    B = net.components()
    return (B.T @ net.deviation(values).reshape(net.p, net.p) @ B).ravel()


def activation_spectrum(net, keys):
    shown = [0] + [i for i in range(1, net.p) if (i + 1) // 2 in keys]
    places = numpy.array([shown.index(i) if i in shown else NAN for i in range(net.p)])
    columns = {"component_a": net.a, "component_b": net.b}
    columns |= {"place_a": places[net.a], "place_b": places[net.b]}
    cosines = numpy.array([(i + 1) // 2 if i in shown and i % 2 else NAN for i in range(net.p)])
    columns["key_a"] = cosines[net.a]
    heads, neurons = range(net.attention.shape[1]), first_neurons(net)
    columns |= {f"attention_{h}": in_both_bases(net, net.attention[:, h, 0]) for h in heads}
    for h in heads:
        C = scores(net, h)
        columns[f"score_{h}"] = in_both_bases(net, C[net.a] - C[net.b])
    columns |= {f"neuron_{i}": in_both_bases(net, x) for i, x in enumerate(neurons.T)}
    return columns


def by_head(net, name, components):
    """Of components[H, p]."""
    columns = {"frequency": [0, *net.frequencies]}
    for h, of_head in enumerate(components):
        parts = net.by_frequency(of_head).values()
        columns[f"{name}_{h}_norm"] = [together(pair) for pair in parts]
        columns[f"{name}_{h}_cos"] = [cos for cos, _ in parts]
        columns[f"{name}_{h}_sin"] = [sin for _, sin in parts]
    return columns


def attention_spectrum(net):
    B = net.components()
    return by_head(net, "C", [B.T @ scores(net, h) for h in range(len(net.W["W_Q"]))])


def ov_norms(net):
    """[H, p]"""
    return numpy.array([net.norms(circuit) for circuit in net.ov_circuits()])


def ov_shares(net, h):
    """[k]: shares of the squared norm of a head's circuit, without the constant."""
    by_k = net.by_frequency(ov_norms(net)[h])
    squares = numpy.array([together(by_k[k]) ** 2 for k in net.frequencies])
    return squares / squares.sum() if squares.any() else NAN * squares


def attention_fit(net, h):
    """k, alpha, beta, fve of the best fit of a head's attention to a."""
    to_a = net.attention[:, h, 0]
    if numpy.isnan(to_a).any():
        return NAN, NAN, NAN, NAN
    fits = []
    for k in net.frequencies:
        waves = net.waves(k, net.a) - net.waves(k, net.b)
        coefficients = least_squares(waves, to_a - 0.5)
        rest = to_a - 0.5 - waves @ coefficients
        fits.append((rest @ rest, k, *coefficients, 0)[:4])
    rest, k, alpha, beta = min(fits)
    return k, alpha, beta, 1 - rest / (net.deviation(to_a) ** 2).sum()


def fitted_attention(net, h):
    """[pairs]"""
    k, alpha, beta, _ = attention_fit(net, h)
    if math.isnan(k):
        return numpy.full(len(net.a), NAN)
    a, b = net.angle(k, net.a), net.angle(k, net.b)
    waves = alpha * (numpy.cos(a) - numpy.cos(b)) + beta * (numpy.sin(a) - numpy.sin(b))
    return 0.5 + waves


def attention_fits(net, keys):
    fits = [attention_fit(net, h) for h in range(net.attention.shape[1])]
    k, alpha, beta, fve = zip(*fits)
    return {
        "head": range(len(fits)),
        "frequency": k,
        "key": [int(x in keys) for x in k],
        "alpha": alpha,
        "beta": beta,
        "fve": fve,
    }


def norms_of_logits(net):
    """[component over a, component over b]"""
    B, grid = net.components(), net.logits.reshape(net.p, net.p, net.p)
    return numpy.linalg.norm(numpy.einsum("ai,bj,abc->ijc", B, B, grid), axis=2)


def logit_spectrum(net):
    return {"component_a": net.a, "component_b": net.b, "norm": norms_of_logits(net).ravel()}


def contrast(net, name, norms, keys):
    by_k = {k: together(pair) for k, pair in net.by_frequency(norms).items()}
    of_keys = numpy.array([by_k[k] for k in net.frequencies if k in keys])
    others = numpy.array([by_k[k] for k in net.frequencies if k not in keys])
    inside, outside = (of_keys**2).sum(), (others**2).sum()
    return {
        f"{name}_key_share": (inside / (inside + outside), "1"),
        f"{name}_key_ratio": (of_keys.mean() / others.mean(), "1"),
        f"{name}_key_separation": (of_keys.min() / others.max(), "1"),
    }


def share_of_products(net, keys):
    """Of the logits' variance over the pairs, that in the products of two waves of one key."""
    inside = 0
    for k in keys:
        of_a, of_b = net.waves(k, net.a), net.waves(k, net.b)
        products = (of_a[:, :, None] * of_b[:, None, :]).reshape(net.p**2, -1)
        inside += (projected(products, net.logits) ** 2).sum()
    return inside / (net.deviation(net.logits) ** 2).sum()


def least_share_of_clusters(net, keys):
    """Of W_L's columns of a cluster's neurons, what lies along the cluster's own waves."""
    shares = []
    for k in keys:
        own = net.W_L[:, net.clustered & (net.frequency == k)]
        if own.shape[1] == 0:
            continue
        inside = projected(net.waves(k, numpy.arange(net.p)), own)
        shares.append((inside**2).sum() / (own**2).sum())
    return min(shares) if shares else NAN


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def spectrum_quantities(net, keys, epoch):
    fits = attention_fits(net, keys)
    sizes = [len(cluster(net, k)) for k in keys]
    clustered = net.fve[net.clustered]
    waves = [wave_fit(net, k, i)[2] for k in keys for i in (0, 1) if i == 0 or 2 * k < net.p]
    waves_of_keys = numpy.hstack([net.waves(k, numpy.arange(net.p)) for k in keys])
    outside = net.W_L - projected(waves_of_keys, net.W_L)
    residual = numpy.linalg.norm(outside) / numpy.linalg.norm(net.W_L)
    settings = {name: (number(x), "1") for name, x in net.settings.items() if number(x) is not None}
    return {
        "epoch": (epoch, "epochs"),
        "squared_weights": (net.squared_weights(), "1"),
        **settings,
        "key_frequencies": (len(keys), "1"),
        "cluster_threshold": (THRESHOLD, "1"),
        "clustered_neurons": (len(clustered), "1"),
        "clustered_share": (len(clustered) / len(net.fve), "1"),
        "cluster_size_least": (min(sizes), "1"),
        "cluster_size_most": (max(sizes), "1"),
        "neuron_fve_mean": (net.fve.mean(), "1"),
        "clustered_fve_mean": (mean(clustered), "1"),
        "clustered_fve_least": (min(clustered), "1"),
        "neuron_logit_fve_least": (min(waves), "1"),
        "neuron_logit_fve_mean": (mean(waves), "1"),
        **contrast(net, "W_E", net.norms_of_W_E(), keys),
        **contrast(net, "W_L", net.norms_of_W_L(), keys),
        "logit_key_share": (share_of_products(net, keys), "1"),
        "W_L_residual_norm": (residual, "1"),
        "W_L_residual_squared": (residual**2, "1"),
        "cluster_W_L_share_least": (least_share_of_clusters(net, keys), "1"),
        "gini_W_E": (gini(net.norms_of_W_E()), "1"),
        "gini_W_L": (gini(net.norms_of_W_L()), "1"),
        "attention_fve_least": (min(fits["fve"]), "1"),
        "attention_fve_mean": (mean(fits["fve"]), "1"),
        "attention_heads_at_keys": (NAN if math.isnan(fits["fve"][0]) else sum(fits["key"]), "1"),
        **{f"attention_frequency_{h}": (k, "1") for h, k in enumerate(fits["frequency"])},
        **ov_quantities(net, keys),
        **standing_out(net, keys),
    }


def ov_quantities(net, keys):
    """By head, and how many lie on one frequency and how many others on the keys together."""
    quantities, at_one, at_keys = {}, 0, 0
    for h in range(net.attention.shape[1]):
        shares = ov_shares(net, h)
        best, of_keys = shares.max(), shares[[k - 1 for k in keys]].sum()
        frequency = NAN if math.isnan(best) else 1 + int(shares.argmax())
        quantities[f"ov_frequency_{h}"] = (frequency, "1")
        quantities[f"ov_share_{h}"] = (best, "1")
        quantities[f"ov_key_share_{h}"] = (of_keys, "1")
        at_one += best > THRESHOLD
        at_keys += best <= THRESHOLD < of_keys
    counts = (at_one, at_keys) if net.reads_W_E else (NAN, NAN)
    to_equals = net.attention[:, :, 2:].mean(0)
    return {
        **quantities,
        "attention_to_equals_most": (to_equals.max() if to_equals.size else NAN, "1"),
        "ov_threshold": (THRESHOLD, "1"),
        "ov_heads_at_one_frequency": (counts[0], "1"),
        "ov_heads_at_keys": (counts[1], "1"),
    }


def standing_out(net, keys):
    """Frequencies of W_E, and products of waves in the logits."""
    W_E = {k: together(pair) for k, pair in net.by_frequency(net.norms_of_W_E()).items() if k > 0}
    products = norms_of_logits(net)[1:, 1:]
    of_component = (numpy.arange(1, net.p) + 1) // 2
    large = products > products.max() / 4
    own = (of_component[:, None] == of_component) & numpy.isin(of_component, keys)
    return {
        "W_E_frequencies": (sum(x > min(W_E[k] for k in keys) / 2 for x in W_E.values()), "1"),
        "logit_components": (large.sum(), "1"),
        "logit_components_at_keys": ((large & own).sum(), "1"),
    }


def over_tokens(net):
    """Magnitudes of the transforms over all tokens, k = 0 .. N / 2."""
    W_U = net.W["W_U"].T if "W_U" in net.W else net.W["W_E"]
    return [
        numpy.linalg.norm(numpy.fft.fft(weights, axis=0), axis=1)[: len(weights) // 2 + 1]
        for weights in (net.W["W_E"], W_U)
    ]


def token_spectrum(net):
    W_E, W_U = over_tokens(net)
    n = max(len(W_E), len(W_U))
    padded = [list(norms) + [NAN] * (n - len(norms)) for norms in (W_E, W_U)]
    return {"frequency": list(range(n)), "W_E": padded[0], "W_U": padded[1]}


def token_quantities(net, epoch):
    W_E, W_U = over_tokens(net)
    return {
        "epoch": (epoch, "epochs"),
        "gini_W_E_tokens": (gini(W_E[1:]), "1"),
        "gini_W_U_tokens": (gini(W_U[1:]), "1"),
    }


def embedding_circles(net, keys):
    numbers = numpy.arange(net.p)
    W_E = net.W["W_E"][: net.p]
    rows = []
    for key, k in enumerate((k for k in sorted(keys) if 2 * k < net.p), start=1):
        plane = least_squares(net.waves(k, numbers), W_E)  # the vectors of cosine and sine
        along = least_squares(plane.T, W_E.T) * numpy.linalg.norm(plane, axis=1)[:, None]
        for x in sorted(numbers, key=lambda x: k * x % net.p):
            rows.append((key, k, k * x % net.p, x, *along[:, x]))
    names = ("key", "frequency", "turn", "token", "along_cos", "along_sin")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def spectrum_tables(net, keys, epoch):
    return {
        "spectrum": spectrum(net),
        "embedding-circles": embedding_circles(net, keys),
        "key-frequencies": key_frequencies(net, keys),
        "neurons": neurons(net),
        "neuron-logit-map": neuron_logit_map(net),
        "neuron-logit-directions": neuron_logit_directions(net, keys),
        "activations": activations(net),
        "activation-spectrum": activation_spectrum(net, keys),
        "attention-spectrum": attention_spectrum(net),
        "attention-fits": attention_fits(net, keys),
        "ov-spectrum": by_head(net, "OV", ov_norms(net)),
        "logit-spectrum": logit_spectrum(net),
        "spectrum-quantities": spectrum_quantities(net, keys, epoch),
        "token-spectrum": token_spectrum(net),
        "token-spectrum-quantities": token_quantities(net, epoch),
    }


# ---- ablate ----


def ablations(net, keys):
    without = [net.losses_of(net.excluded([k])) for k in net.frequencies]
    n = len(without)
    return {
        "frequency": net.frequencies,
        "key": [int(k in keys) for k in net.frequencies],
        "loss": [x.all for x in without],
        "train_loss": [x.train for x in without],
        "test_loss": [x.test for x in without],
        "unablated_loss": [net.losses.all] * n,
        "restricted_loss": [net.losses_of(net.restricted(keys)).all] * n,
        "excluded_loss": [net.losses_of(net.excluded(keys)).train] * n,
        "neurons_loss": [loss_without_at_neurons(net, k) if k in keys else NAN for k in net.frequencies],
    }


def loss_without_at_neurons(net, k):
    """Over all pairs, the neurons having lost their products of one frequency."""
    if not net.logits_are_sum:
        return NAN
    return net.losses_of(net.logits - projected(net.products([k]), net.hidden) @ net.W_L.T).all


def fitted_logits(net, keys):
    alphas = net.alphas()
    return sum(alphas[k] * net.cosine(k) for k in keys)


def replaced_logits(net, keys):
    """{name of a replacement: logits [pairs, p]}"""
    W_L, W_U = net.W_L, net.W["W_U"][:, : net.p]
    of_neurons, skipping, bias = net.hidden @ W_L.T, net.resid_mid @ W_U, net.W["b_out"] @ W_U
    polynomial = net.hidden.copy()
    for i in numpy.flatnonzero(net.clustered):
        products = net.products([net.frequency[i]])
        polynomial[:, i] = net.hidden[:, i].mean() + projected(products, net.hidden[:, i])
    directions = net.hidden.mean(0) + projected(net.directions(keys), net.hidden)
    vectors = numpy.vstack([net.map_vectors(k) for k in keys])
    on_map = projected(vectors.T, net.hidden.T).T
    headless = {n: 0 * x if n.endswith("W_O") else x for n, x in net.parameters.items()}
    products = projected(net.products(keys), net.logits)
    found = {
        "model": net.logits,
        "neurons_polynomial": skipping + bias + polynomial @ W_L.T,
        "neurons_directions": skipping + bias + directions @ W_L.T,
        "logits_polynomial": net.logits.mean(0) + products,
        "logits_cosines": fitted_logits(net, keys),
        "mlp_on_W_L": skipping + bias + on_map @ W_L.T,
        "mlp_off_W_L": skipping + bias + (net.hidden - on_map) @ W_L.T,
        "skip_zero": bias + of_neurons,
        "skip_mean": skipping.mean(0) + bias + of_neurons,
        "heads_zero": net.run(headless).logits.value[:, : net.p],
        **dict.fromkeys(("attention_linear", "attention_no_equals", "attention_skip_zero")),
    }
    if net.stream_is_sum:
        to_a = numpy.stack([fitted_attention(net, h) for h in range(net.attention.shape[1])], axis=1)
        found["attention_linear"] = net.reattended(numpy.stack([to_a, 1 - to_a, 0 * to_a], axis=2))
        found["attention_no_equals"] = net.reattended(net.attention * [1, 1, 0])
        found["attention_skip_zero"] = net.reattended(net.attention, skip=0)
    else:
        found |= {name: NAN * net.logits for name, logits in found.items() if logits is None}
    if not net.logits_are_sum:
        for name in found:
            if name.startswith(("neurons", "mlp", "skip")):
                found[name] = NAN * net.logits
    return found


def replacements(net, keys):
    losses = {name: net.losses_of(x) for name, x in replaced_logits(net, keys).items()}
    return {
        "name": list(losses),
        "loss": [x.all for x in losses.values()],
        "train_loss": [x.train for x in losses.values()],
        "test_loss": [x.test for x in losses.values()],
        "accuracy": [x.accuracy for x in losses.values()],
        "relative_change": [x.all / net.losses.all - 1 for x in losses.values()],
    }


def logit_fit(net, keys):
    alphas = net.alphas()
    return {"frequency": keys, "alpha": [alphas[k] for k in keys]}


def ablation_quantities(net, keys, epoch):
    losses, restricted = net.losses, net.losses_of(net.restricted(keys))
    without = {k: net.losses_of(net.excluded([k])) for k in net.frequencies}
    of_keys = [without[k] for k in keys]
    others = [without[k] for k in net.frequencies if k not in keys]
    alphas = [net.alphas()[k] for k in keys]
    fitted = fitted_logits(net, keys)
    deviation = net.logits - net.logits.mean()
    rest = deviation - fitted
    key_ratio = min(x.all for x in of_keys) / losses.all
    other_change = max(abs(x.all / losses.all - 1) for x in others)
    replaced = replacements(net, keys)
    quantities = {
        "epoch": (epoch, "epochs"),
        "loss": (losses.all, "nats"),
        "train_loss": (losses.train, "nats"),
        "test_loss": (losses.test, "nats"),
        "accuracy": (losses.accuracy, "1"),
        "train_accuracy": (losses.train_accuracy, "1"),
        "test_accuracy": (losses.test_accuracy, "1"),
        "uniform_loss": (math.log(net.p), "nats"),
        "restricted_loss": (restricted.all, "nats"),
        "restricted_train_loss": (restricted.train, "nats"),
        "restricted_test_loss": (restricted.test, "nats"),
        "restricted_accuracy": (restricted.accuracy, "1"),
        "restricted_loss_ratio": (restricted.all / losses.all, "1"),
        "excluded_loss": (net.losses_of(net.excluded(keys)).train, "nats"),
        "excluded_key_least": (min(x.train for x in of_keys), "nats"),
        "excluded_key_most": (max(x.train for x in of_keys), "nats"),
        "excluded_key_ratio_least": (min(x.train for x in of_keys) / losses.train, "1"),
        "excluded_other_most": (max(x.train for x in others), "nats"),
        "without_key_ratio_least": (key_ratio, "1"),
        "without_other_change_most": (other_change, "1"),
        "key_change_over_other": ((key_ratio - 1) / other_change, "1"),
        "logit_fit_fve": (1 - (rest**2).sum() / (deviation**2).sum(), "1"),
        "logit_fit_loss": (net.losses_of(fitted).all, "nats"),
        "logit_fit_alpha_least": (min(alphas), "1"),
        "logit_fit_alpha_most": (max(alphas), "1"),
    }
    for name, loss in list(zip(replaced["name"], replaced["loss"]))[1:]:
        quantities[f"{name}_loss"] = (loss, "nats")
        quantities[f"{name}_ratio"] = (loss / losses.all, "1")
    at_neurons = [loss_without_at_neurons(net, k) for k in keys]
    largest = max(keys, key=lambda k: (len(cluster(net, k)), -k))
    return {
        **quantities,
        "neurons_without_key_least": (min(at_neurons), "nats"),
        "neurons_without_key_most": (max(at_neurons), "nats"),
        "neurons_without_key_ratio_least": (min(at_neurons) / losses.all, "1"),
        "side_peak": (side_peak(net, {largest: 1}), "1"),
        "side_peak_of_sum": (side_peak(net, dict(zip(keys, alphas))), "1"),
    }


def side_peak(net, alphas):
    """Of a sum of cosines, the largest value but at 0, over that at 0."""
    values = sum(x * numpy.cos(net.angle(k, numpy.arange(net.p))) for k, x in alphas.items())
    return (values[1:] / values[0]).max()


def ablation_tables(net, keys, epoch):
    return {
        "ablations": ablations(net, keys),
        "replacements": replacements(net, keys),
        "logit-fit": logit_fit(net, keys),
        "ablation-quantities": ablation_quantities(net, keys, epoch),
    }


# ---- progress-measures ----


def progress_row(net, keys):
    losses, restricted = net.losses, net.losses_of(net.restricted(keys))
    excluded, excluded_3d = (net.losses_of(x(keys)) for x in (net.excluded, net.excluded_3d))
    squared = net.squared()
    return {
        "train_loss": losses.train,
        "test_loss": losses.test,
        "train_accuracy": losses.train_accuracy,
        "test_accuracy": losses.test_accuracy,
        "excluded_loss": excluded.train,
        "restricted_loss": restricted.all,
        "restricted_train_loss": restricted.train,
        "restricted_test_loss": restricted.test,
        "restricted_accuracy": restricted.accuracy,
        "gini_W_E": gini(net.norms_of_W_E()),
        "gini_W_L": gini(net.norms_of_W_L()),
        "squared_weights": net.squared_weights(),
        "loss_ratio": losses.test / restricted.all,
        "phase": NAN,  # of the whole run
        **{f"squared_{name}": x for name, x in squared.items()},
        "restricted_train_accuracy": restricted.train_accuracy,
        "restricted_test_accuracy": restricted.test_accuracy,
        "excluded_accuracy": excluded.train_accuracy,
        "excluded_3d_loss": excluded_3d.train,
        "excluded_3d_accuracy": excluded_3d.train_accuracy,
        "excluded_any_loss": max(net.losses_of(net.excluded([k])).train for k in net.frequencies),
    }


def first(epochs, holds):
    """The first of the epochs at which it holds; nan where it never does."""
    return next((epoch for epoch, here in zip(epochs, holds) if here), NAN)


class Phases:
    """The ends of memorisation, circuit formation and cleanup, as indices of snapshots; None if one
    lasts. Rates of fall are means from t/1.05 to 1.05 t."""

    def __init__(self, epochs, columns):
        weights = columns["squared_weights"]
        heaviest = int(numpy.argmax(weights))
        lowest = [min(weights[min(i, heaviest) : i + 1]) for i in range(len(weights))]
        low, high = (numpy.clip(epochs * q, epochs[0], epochs[-1]) for q in (1 / 1.05, 1.05))
        drops = numpy.interp(low, epochs, lowest) - numpy.interp(high, epochs, lowest)
        self.falls = drops / numpy.where(high > low, high - low, 1)
        right = columns["test_accuracy"] >= 0.5
        last = int(numpy.argmax(right)) if right.any() else len(epochs) - 1
        peak = int(numpy.argmax(columns["test_loss"][: last + 1]))
        depths = [
            min(max(self.falls[peak : i + 1]), max(self.falls[i:])) - self.falls[i]
            for i in range(peak, last + 1)
        ]
        self.slowest = peak + int(numpy.argmax(depths))
        self.steepest = self.slowest + int(numpy.argmax(self.falls[self.slowest :]))
        memorised = peak + int(numpy.argmax(self.falls[peak : self.slowest + 1]))
        least, most = self.falls[self.slowest], self.falls[self.steepest]
        self.ends = [memorised, None, None]
        if right.any() and most > 0 and self.steepest < len(epochs) - 1:
            steep = self.falls[self.slowest :] >= (least + most) / 2
            level = [i for i in range(len(epochs)) if (self.falls[i:] <= 0.05 * most).all()]
            self.ends = [memorised, self.slowest + int(numpy.argmax(steep)), min(level, default=None)]
        self.ends = [None if i == len(epochs) - 1 else i for i in self.ends]


def share_of_change(epochs, values, share):
    return first(epochs, values >= values[0] + share * (values[-1] - values[0]))


def progress_quantities(p, epochs, columns):
    half = math.log(p) / 2
    test_loss, excluded = columns["test_loss"], columns["excluded_loss"]
    weights = columns["squared_weights"]
    train_fitted = first(epochs, columns["train_accuracy"] == 1)
    peak = first(epochs, test_loss == max(test_loss))
    least = first(epochs, excluded == min(excluded))
    risen = first(epochs, (epochs >= least) & (excluded >= half))
    restricted = first(epochs, columns["restricted_loss"] <= half)
    halved = first(epochs, (epochs >= peak) & (test_loss <= half))
    generalised = first(epochs, columns["test_accuracy"] >= 0.99)
    W_E, W_L = (
        {s: share_of_change(epochs, columns[name], s) for s in (0.25, 0.5)}
        for name in ("gini_W_E", "gini_W_L")
    )
    return {
        "train_fitted": (train_fitted, "epochs"),
        "test_peak": (peak, "epochs"),
        "test_peak_loss": (max(test_loss), "nats"),
        "test_halved": (halved, "epochs"),
        "generalised_accuracy": (0.99, "1"),
        "generalised": (generalised, "epochs"),
        "generalisation_delay": (generalised - train_fitted, "epochs"),
        "excluded_least": (least, "epochs"),
        "excluded_least_loss": (min(excluded), "nats"),
        "excluded_onset_lead": (peak - least, "epochs"),
        "excluded_risen": (risen, "epochs"),
        "restricted_halved": (restricted, "epochs"),
        "excluded_lead": (halved - risen, "epochs"),
        "restricted_lead": (halved - restricted, "epochs"),
        "gini_W_E_quarter": (W_E[0.25], "epochs"),
        "gini_W_L_quarter": (W_L[0.25], "epochs"),
        "gini_W_E_quarter_lead": (halved - W_E[0.25], "epochs"),
        "gini_W_L_quarter_lead": (halved - W_L[0.25], "epochs"),
        "gini_W_E_half": (W_E[0.5], "epochs"),
        "gini_W_L_half": (W_L[0.5], "epochs"),
        "gini_W_L_lead": (generalised - W_L[0.5], "epochs"),
        "weights_peak": (first(epochs, weights == max(weights)), "epochs"),
        "weights_peak_sum": (max(weights), "1"),
        "weights_kept": (weights[-1] / max(weights), "1"),
        **phase_quantities(epochs, columns),
    }


def phase_quantities(epochs, columns):
    phases = Phases(epochs, columns)
    memorised, formed, cleaned = phases.ends
    weights, last = columns["squared_weights"], len(epochs) - 1

    def at(values, i):
        return NAN if i is None else values[i]

    def change(name, start, end):
        return at(columns[name], end) - at(columns[name], start)

    def ratio(name, start, end):
        return at(columns[name], end) / at(columns[name], start)

    def share(name, start, end):
        return change(name, start, end) / change(name, 0, last)

    def weights_share(start, end):
        return (at(weights, start) - at(weights, end)) / (max(weights) - weights[-1])

    fall = -change("squared_weights", memorised, formed)
    forming = weights[memorised : formed + 1] if not math.isnan(fall) else numpy.array([NAN])
    backslide = max(forming[i] - min(forming[: i + 1]) for i in range(len(forming)))
    rate = fall / (at(epochs, formed) - at(epochs, memorised))
    rise = change("excluded_loss", memorised, formed)
    return {
        "memorisation_end": (at(epochs, memorised), "epochs"),
        "formation_accuracy": (0.5, "1"),
        "circuit_formation_end": (at(epochs, formed), "epochs"),
        "phase_tolerance": (0.05, "1"),
        "cleanup_end": (at(epochs, cleaned), "epochs"),
        "phase_window": (1.05, "1"),
        "weights_slowest": (epochs[phases.slowest], "epochs"),
        "weights_steepest": (epochs[phases.steepest], "epochs"),
        "memorisation_excluded_loss": (at(columns["excluded_loss"], memorised), "nats"),
        "formation_excluded_loss": (at(columns["excluded_loss"], formed), "nats"),
        "cleanup_excluded_loss": (at(columns["excluded_loss"], cleaned), "nats"),
        "memorisation_train_ratio": (ratio("train_loss", 0, memorised), "1"),
        "memorisation_excluded_ratio": (ratio("excluded_loss", 0, memorised), "1"),
        "memorisation_gini_W_E_share": (share("gini_W_E", 0, memorised), "1"),
        "memorisation_gini_W_L_share": (share("gini_W_L", 0, memorised), "1"),
        "formation_excluded_rise": (rise, "nats"),
        "formation_train_ratio": (ratio("train_loss", memorised, formed), "1"),
        "formation_test_ratio": (ratio("test_loss", memorised, formed), "1"),
        "formation_weights_share": (weights_share(memorised, formed), "1"),
        "formation_weights_backslide": (backslide / fall, "1"),
        "cleanup_excluded_share": (change("excluded_loss", formed, cleaned) / rise, "1"),
        "cleanup_restricted_ratio": (ratio("restricted_loss", formed, cleaned), "1"),
        "cleanup_weights_share": (weights_share(formed, cleaned), "1"),
        "cleanup_steepness": (phases.falls[phases.steepest] / rate, "1"),
        "cleanup_gini_W_E_share": (share("gini_W_E", formed, cleaned), "1"),
        "cleanup_gini_W_L_share": (share("gini_W_L", formed, cleaned), "1"),
    }


def progress_tables(nets, keys, epochs):
    epochs = numpy.array(epochs)
    rows = [progress_row(net, keys) for net in nets]
    columns = {name: numpy.array([row[name] for row in rows]) for name in rows[0]}
    ends = [i for i in Phases(epochs, columns).ends if i is not None]
    columns["phase"] = numpy.array([sum(i > end for end in ends) for i in range(len(epochs))])
    frequencies = nets[0].frequencies
    by_frequency = {
        "epoch": numpy.repeat(epochs, len(frequencies)),
        "frequency": numpy.tile(frequencies, len(nets)),
        "key": [int(k in keys) for _ in nets for k in frequencies],
    }
    alphas = [net.alphas()[k] for net in nets for k in frequencies]
    norms = [numpy.linalg.norm(net.cosine(k)) for net in nets for k in frequencies]
    excluded = [net.losses_of(net.excluded([k])) for net in nets for k in frequencies]
    excluded_3d = [net.losses_of(net.excluded_3d([k])) for net in nets for k in frequencies]
    return {
        "progress-measures": {"epoch": epochs, **columns},
        "cosine-coefficients": {
            **by_frequency,
            "coefficient": alphas,
            "normalised_coefficient": numpy.array(alphas) * norms,
        },
        "excluded-by-frequency": {
            **by_frequency,
            "excluded_loss": [x.train for x in excluded],
            "excluded_accuracy": [x.train_accuracy for x in excluded],
            "excluded_3d_loss": [x.train for x in excluded_3d],
            "excluded_3d_accuracy": [x.train_accuracy for x in excluded_3d],
        },
        "progress-quantities": progress_quantities(nets[0].p, epochs, columns),
    }


# ---- trace-algorithm ----


class Trace:
    """Which pair is followed at which frequency."""

    def __init__(self, net, keys):
        alphas = net.alphas()
        self.k = max((k for k in keys if 2 * k < net.p), key=alphas.get)
        turns_a, turns_b = (self.k * x % net.p / net.p for x in (net.a, net.b))
        off = (turns_a - 0.08) ** 2 + (turns_b - 0.18) ** 2
        pair = min(numpy.flatnonzero(~net.train), key=lambda pair: off[pair])
        self.a, self.b, self.s = (int(x[pair]) for x in (net.a, net.b, net.s))
        self.pair = pair


def rotation_points(net, trace):
    numbers = numpy.arange(net.p)
    W_E = net.W["W_E"][: net.p]
    plane = least_squares(net.waves(trace.k, numbers), W_E)  # the vectors of cosine and sine
    tokens = least_squares(plane.T, W_E.T)
    vectors, waves = net.map_vectors(trace.k), net.waves(trace.k, net.s)
    values = net.deviation(net.hidden @ vectors.T)
    pairs = [
        values[net.a == trace.a, i] / least_squares(waves[:, [i]], values[:, i])[0] for i in (0, 1)
    ]
    role = numpy.where(numbers == trace.a, 1, 0)
    role[trace.b] = 2
    return {
        "token": numbers,
        "embedded_cos": tokens[0],
        "embedded_sin": tokens[1],
        "rotated_cos": pairs[0],
        "rotated_sin": pairs[1],
        "role": role,
    }


def rotation(net, trace):
    """Angles in turns; radii are those that the figure is drawn with."""
    a, b = (trace.k * x % net.p / net.p for x in (trace.a, trace.b))
    turn = net.sign * b
    rows = []

    def point(part, radius, turns, value=NAN):
        angle = 2 * math.pi * turns
        rows.append((part, radius * math.cos(angle), radius * math.sin(angle), value))

    def arc(part, radius, start, turns):
        for i in range(121):
            point(part, radius, start + turns * i / 120)

    arc("circle", 1, 0, 1)
    for part, turns in ("ray_a", a), ("ray_b", b), ("ray_answer", a + turn):
        point(part, 0, turns)
        point(part, 1, turns)
    arc("arc_a", 0.3, 0, a)
    arc("arc_b", 0.5, 0, b)
    arc("arc_turned", 0.5, a, turn)
    point("frequency", 0, 0, trace.k)
    point("name_a", 1.25, a, trace.a)
    point("name_b", 1.25, b, trace.b)
    point("name_answer", 1.25, a + turn, trace.s)
    point("angle_a", 0.36, a / 2)
    point("angle_b", 0.72, (a + b) / 2)
    point("angle_turned", 0.72, a + turn / 2)
    return dict(zip(("part", "x", "y", "value"), zip(*rows)))


def read_off(net, trace, keys):
    alphas, c = net.alphas(), numpy.arange(8 * (net.p - 1) + 1) / 8
    logits = net.logits[trace.pair] - net.logits[trace.pair].mean()
    whole = c == c.round()
    here = numpy.where(whole, logits[c.astype(int)], NAN)
    waves = {k: alphas[k] * numpy.cos(2 * numpy.pi * k * (trace.s - c) / net.p) for k in keys}
    answer = (c == trace.s).astype(int)
    largest = max(abs(alphas[k]) for k in keys)
    n = len(keys)
    levels = numpy.repeat(-numpy.arange(n), len(c))
    wave = numpy.concatenate([waves[k] for k in keys])
    return {
        "read-off": {"c": c, "logit": here, "fit": sum(waves.values()), "answer": answer},
        "read-off-waves": {
            "frequency": numpy.repeat(keys, len(c)),
            "c": numpy.tile(c, n),
            "wave": wave,
            "ridge": 0.46 * wave / largest + levels,
            "level": levels,
            "answer": numpy.tile(answer, n),
        },
    }


def trace_tables(net, keys):
    trace = Trace(net, keys)
    return {
        "rotation-points": rotation_points(net, trace),
        "rotation": rotation(net, trace),
        **read_off(net, trace, keys),
    }


# ---- discrete-logarithms ----


def powers(p):
    """g^0 .. g^(p-2) mod p, of the least g that has them all different."""
    lists = ([pow(g, i, p) for i in range(p - 1)] for g in range(2, p))
    return next(numbers for numbers in lists if len(set(numbers)) == p - 1)


def relabelled(parameters, settings, train_mask):
    """What a Snapshot is made of, of the network that adds logarithms modulo p - 1 (subtracts them)
    where this one multiplies (divides) modulo p. It lacks the number 0."""
    p = int(settings["data.modulus"])
    numbers = powers(p)

    def reordered(array, axis):
        return numpy.take(array, [*numbers, *range(p, array.shape[axis])], axis)

    arrays = {**parameters, "embed.W_E": reordered(parameters["embed.W_E"], 0)}
    if "unembed.W_U" in parameters:
        arrays["unembed.W_U"] = reordered(parameters["unembed.W_U"], 1)
    operation = {"multiply": "add", "divide": "subtract"}[settings["data.operation"]]
    settings = {**settings, "data.modulus": str(p - 1), "data.operation": operation}
    return arrays, settings, train_mask[numpy.ix_(numbers, numbers)]


def circles(net, keys, numbers):
    frequencies = [k for k in net.frequencies if 2 * k < net.p]
    ranked = sorted(frequencies, key=lambda k: (k not in keys, -len(cluster(net, k)), k))
    names = "rank frequency key token logarithm embedded_cos embedded_sin cos sin".split()
    logarithms, rows = numpy.arange(net.p), []
    W_E = net.W["W_E"][: net.p]
    for k in frequencies:
        waves = net.waves(k, logarithms)
        embedded = least_squares(least_squares(waves, W_E).T, W_E.T).T
        of_k = (1 + ranked.index(k), k, int(k in keys))
        for i in logarithms:
            rows.append((*of_k, numbers[i], i, *embedded[i], *waves[i]))
    return dict(zip(names, zip(*rows)))


def share_at(net, norms, keys):
    squares = {k: together(pair) ** 2 for k, pair in net.by_frequency(norms).items() if k > 0}
    return sum(squares[k] for k in keys) / sum(squares.values())


def logarithm_quantities(plain, plain_keys, net, keys, epoch):
    ginis = {
        f"{name}_gini_{matrix}": gini(norms)
        for name, of in (("log", net), ("plain", plain))
        for matrix, norms in (("W_E", of.norms_of_W_E()), ("W_L", of.norms_of_W_L()))
    }
    deviation = net.logits - net.logits.mean()
    fitted = fitted_logits(net, keys) + 0 * net.logits
    rest = deviation - fitted
    restricted, excluded = net.losses_of(net.restricted(keys)), net.losses_of(net.excluded(keys))
    pure = {
        "log_modulus": net.p,
        "log_root": powers(plain.p)[1],
        "log_key_frequencies": len(keys),
        "log_clustered_share": mean(net.clustered),
        "log_neuron_fve_mean": mean(net.fve),
        "log_W_E_key_share": share_at(net, net.norms_of_W_E(), keys),
        "log_W_L_key_share": share_at(net, net.norms_of_W_L(), keys),
        "log_gini_W_E": ginis["log_gini_W_E"],
        "log_gini_W_L": ginis["log_gini_W_L"],
        "log_logit_fit_fve": 1 - (rest**2).sum() / (deviation**2).sum(),
    }
    losses = {
        "log_logit_fit_loss": net.losses_of(fitted).all,
        "log_loss": net.losses.all,
        "log_train_loss": net.losses.train,
        "log_test_loss": net.losses.test,
        "log_excluded_loss": excluded.train,
        "log_restricted_loss": restricted.all,
    }
    contrasts = {
        "plain_key_frequencies": len(plain_keys),
        "plain_clustered_share": mean(plain.clustered),
        "plain_gini_W_E": ginis["plain_gini_W_E"],
        "plain_gini_W_L": ginis["plain_gini_W_L"],
        "log_gini_W_E_gain": ginis["log_gini_W_E"] - ginis["plain_gini_W_E"],
        "log_gini_W_L_gain": ginis["log_gini_W_L"] - ginis["plain_gini_W_L"],
    }
    return {
        "epoch": (epoch, "epochs"),
        **{name: (value, "1") for name, value in pure.items()},
        **{name: (value, "nats") for name, value in losses.items()},
        **{name: (value, "1") for name, value in contrasts.items()},
    }


def logarithm_tables(plain, plain_keys, net, keys, epoch):
    """Of a network that multiplies, and of the same relabelled."""
    of_keys = key_frequencies(net, keys)
    return {
        "log-spectrum": spectrum(net),
        "log-key-frequencies": of_keys if keys else dict.fromkeys(of_keys, ()),
        "log-neurons": neurons(net),
        "log-circles": circles(net, keys, powers(plain.p)),
        "log-quantities": logarithm_quantities(plain, plain_keys, net, keys, epoch),
    }


# ---- principal-components ----


class Components:
    """Of a matrix [p, ...], the mean of its rows taken off: values, patterns [p, i] of the rows and
    axes [i, ...], which are nan if the matrix is. The largest entry of a pattern is positive."""

    def __init__(self, matrix):
        p, width = matrix.shape
        self.n = min(p - 1, width)
        shapes = (self.n,), (p, self.n), (self.n, width)
        self.missing = bool(width == 0 or numpy.isnan(matrix).any())
        if self.missing:
            self.values, self.patterns, self.axes = (numpy.full(shape, NAN) for shape in shapes)
            return
        patterns, values, axes = numpy.linalg.svd(matrix - matrix.mean(0), full_matrices=False)
        largest = patterns[abs(patterns).argmax(0), range(len(values))]
        self.values = values[: self.n]
        self.patterns = (patterns * numpy.sign(largest))[:, : self.n]
        self.axes = (axes * numpy.sign(largest)[:, None])[: self.n]

    def shares(self):
        return self.values**2 / (self.values**2).sum()

    def effective_rank(self):
        q = self.values / self.values.sum()
        return math.exp(-(q[q > 0] * numpy.log(q[q > 0])).sum()) if not self.missing else NAN

    def planes(self):
        return 0 if self.missing else min(8, self.n // 2)


def dominant(net, components):
    """By component: its frequency, and that frequency's share."""
    found = []
    for value, pattern in zip(components.values, components.patterns.T):
        shares = {
            k: (projected(net.waves(k, numpy.arange(net.p)), pattern) ** 2).sum()
            for k in net.frequencies
        }
        best = max(shares, key=shares.get)
        noise = not value > 1e-5 * components.values[0]
        found.append((NAN, NAN) if noise else (best, shares[best]))
    return numpy.array(found).reshape(-1, 2)


def singular_values(net, W_E, W_L):
    n = max(W_E.n, W_L.n)

    def padded(values):
        return numpy.concatenate([values, numpy.full(n - len(values), NAN)])

    table = {"component": range(1, n + 1)}
    for name, components in ("W_E", W_E), ("W_L", W_L):
        dominance = dominant(net, components)
        table[name] = padded(components.values)
        table[f"{name}_share"] = padded(components.shares())
        table[f"{name}_cumulative"] = padded(numpy.cumsum(components.shares()))
        table[f"{name}_frequency"] = padded(dominance[:, 0])
        table[f"{name}_frequency_share"] = padded(dominance[:, 1])
    return table


def in_planes(components, vectors, name):
    """vectors [thing, i], in the planes of components 1 and 2, 3 and 4, ..."""
    planes, count = components.planes(), len(vectors)
    at = vectors * components.values
    return {
        "plane": numpy.repeat(numpy.arange(1, planes + 1), count),
        name: numpy.tile(numpy.arange(count), planes),
        "x": at[:, 0 : 2 * planes : 2].T.ravel(),
        "y": at[:, 1 : 2 * planes : 2].T.ravel(),
    }


def tenths(net, count):
    return numpy.tile([10 * x // net.p for x in range(net.p)], count)


def rank_row(net, keys):
    n = sum(net.waves(k, numpy.arange(1)).shape[1] for k in keys)
    W_E, W_L = Components(net.W["W_E"][: net.p]), Components(net.W_L)
    share = lambda components: components.shares()[:n].sum() if n else NAN
    return {
        "test_loss": net.losses.test,
        "effective_rank_W_E": W_E.effective_rank(),
        "effective_rank_W_L": W_L.effective_rank(),
        "key_share_W_E": share(W_E),
        "key_share_W_L": NAN if W_L.missing else share(W_L),
        "gini_W_E": gini(net.norms_of_W_E()),
        "gini_W_L": gini(net.norms_of_W_L()),
    }


def quarter_of_fall(epochs, values):
    if not values[-1] < values[0]:
        return NAN
    return first(epochs, values <= values[0] - 0.25 * (values[0] - values[-1]))


def rank_quantities(net, keys, epochs, columns):
    peak = first(epochs, columns["test_loss"] == max(columns["test_loss"]))
    halved = first(epochs, (epochs >= peak) & (columns["test_loss"] <= math.log(net.p) / 2))
    quarters = {m: quarter_of_fall(epochs, columns[f"effective_rank_{m}"]) for m in ("W_E", "W_L")}
    n = sum(net.waves(k, numpy.arange(1)).shape[1] for k in keys)
    ranks = {name: columns[name][-1] for name in columns if name.startswith("effective")}
    return {
        "key_components": (n, "1"),
        **{name: (rank, "1") for name, rank in ranks.items()},
        **{f"{name}_ratio": (rank / n if n else NAN, "1") for name, rank in ranks.items()},
        **{name: (columns[name][-1], "1") for name in columns if name.startswith("key_")},
        **{f"effective_rank_{m}_quarter": (x, "epochs") for m, x in quarters.items()},
        **{f"effective_rank_{m}_lead": (halved - x, "epochs") for m, x in quarters.items()},
    }


def component_tables(net, nets, keys, epochs, rounded=lambda matrix: matrix):
    """Of one snapshot, and of all. `rounded` changes the matrices whose components are taken."""
    epochs = numpy.array(epochs)
    W_E, W_L = Components(rounded(net.W["W_E"][: net.p])), Components(rounded(net.W_L))
    tokens = in_planes(W_E, W_E.patterns, "token")
    neurons = in_planes(W_L, W_L.axes.T, "neuron")
    rows = [rank_row(each, keys) for each in nets]
    columns = {name: numpy.array([row[name] for row in rows]) for name in rows[0]}
    frequency = numpy.where(net.clustered, net.frequency, 0)
    return {
        "singular-values": singular_values(net, W_E, W_L),
        "embedding-components": {**tokens, "tenth": tenths(net, W_E.planes())},
        "neuron-components": {**neurons, "frequency": numpy.tile(frequency, W_L.planes())},
        "effective-ranks": {"epoch": epochs, **columns},
        "rank-quantities": rank_quantities(nets[-1], keys, epochs, columns),
    }


# ---- clock-or-pizza ----

TRIPLES = 256


def triples(net):
    """a, b and c, each [triple]"""
    drawn = counter_based.uniform(0, "gradient symmetricity", numpy.arange(3 * TRIPLES))
    return (drawn * net.p).astype(int).reshape(-1, 3).T


def gradients(net, a, b, c):
    """[triple, position, dimension]: of logit c by the embeddings of a and b, by differences."""
    d, h, n = net.W["W_E"].shape[1], 1e-6, len(a)
    a, b, c = (numpy.repeat(x, 2 * d) for x in (a, b, c))
    unit = numpy.tile(numpy.eye(2 * d).reshape(2 * d, 2, d), (n, 1, 1))
    like = Forward(net.parameters, net.settings, a, b)
    above, below = (
        Forward(net.parameters, net.settings, a, b, sign * h * unit, like).logits
        for sign in (1, -1)
    )
    pick = numpy.arange(len(c)), c
    return ((above[pick] - below[pick]) / (2 * h)).reshape(n, 2, d)


@functools.cache
def symmetricity(net):
    """The mean cosine and its standard error."""
    few = range(0, TRIPLES, 8)  # at a time: their arrays fit into the caches
    g = numpy.concatenate([gradients(net, *triples(net)[:, i : i + 8]) for i in few])
    sizes = numpy.linalg.norm(g, axis=2).prod(1)
    cosines = (g[:, 0] * g[:, 1]).sum(1)[sizes > 0] / sizes[sizes > 0]
    if not len(cosines):
        return NAN, NAN
    return cosines.mean(), cosines.std(ddof=1) / math.sqrt(len(cosines))


def irrelevance(net):
    correct = net.logits[numpy.arange(net.p**2), net.s]
    distance = (net.b - net.sign * net.a) % net.p
    return numpy.mean([correct[distance == d].std() for d in range(net.p)]) / correct.std()


def circularity(net):
    return dominant(net, Components(net.W["W_E"][: net.p]))[:4, 1].mean()


def algorithm_row(net):
    return {
        "test_accuracy": net.losses.test_accuracy,
        "gradient_symmetricity": symmetricity(net)[0],
        "distance_irrelevance": irrelevance(net),
        "circularity": circularity(net),
    }


def algorithm_tables(net, nets, epochs):
    rows = [algorithm_row(each) for each in nets]
    mean, error = symmetricity(net)
    return {
        "clock-or-pizza": {"epoch": epochs, **{x: [row[x] for row in rows] for x in rows[0]}},
        "clock-or-pizza-quantities": {
            "gradient_symmetricity": (mean, "1"),
            "gradient_symmetricity_error": (error, "1"),
            "distance_irrelevance": (irrelevance(net), "1"),
            "circularity": (circularity(net), "1"),
            "clock_or_pizza_test_accuracy": (net.losses.test_accuracy, "1"),
            "model.attention_rate": (float(net.settings.get("model.attention_rate", "1")), "1"),
            "positions": (3 if net.settings.get("data.equals", "true") == "true" else 2, "1"),
        },
    }
