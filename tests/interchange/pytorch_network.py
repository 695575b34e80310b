"""The networks in PyTorch, written from their definition (tools/network/textbook.h) as a PyTorch
user would write them, and how they are trained: autograd, torch.optim."""

import math

import numpy
import torch
from torch import nn

import counter_based

# Settings that came after the first trajectories stand in a file only where they are not at their
# defaults.
DEFAULTS = {
    "data.task": "pairs",
    "data.equals": "true",
    "data.digits": "5",
    "data.vocabulary": "128",
    "data.length": "85",
    "data.run": "16",
    "data.repeats": "3",
    "data.examples": "0",
    "data.test_examples": "1024",
    "model.n_layers": "1",
    "model.layer_norm": "none",
    "model.positions": "learned",
    "model.tied_embeddings": "false",
    "model.registers": "0",
    "model.dropout": "0",
    "model.attention_rate": "1",
    "optimizer.kind": "adamw",
    "optimizer.momentum": "0",
    "optimizer.l1": "0",
    "optimizer.schedule": "constant",
    "train.batch_size": "0",
    "train.precision": "float32",
    "train.loss": "exact",
}


class Settings(dict):
    """The settings of a run, by their names, with the defaults of those that are not there."""

    def __init__(self, given):
        super().__init__({**DEFAULTS, **given})

    def whole(self, name):
        return int(self[name])

    def real(self, name):
        return float(self[name])

    def holds(self, name):
        return self[name] == "true"


# ---- parts ----


class PreNorm(nn.LayerNorm):
    """As TransformerLens': PyTorch's own."""

    def __init__(self, d_model):
        super().__init__(d_model, eps=1e-5)


class PostNorm(nn.Module):
    """As in RoganInglis/grokking-experiments: the unbiased standard deviation, and epsilon added to
    it."""

    def __init__(self, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d_model))
        self.bias = nn.Parameter(torch.zeros(d_model))

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return self.weight * centred / (x.std(-1, keepdim=True) + 1e-5) + self.bias


class Dropout(nn.Module):
    """Inverted dropout with masks that are a function of seed, step and place (counter_based.py).
    Their elements are those of the positions whose results are needed, the last `queries` of the
    dimension before the last."""

    def __init__(self, probability, seed, place):
        super().__init__()
        self.probability, self.seed, self.place = probability, seed, place
        self.step = 0

    def forward(self, x, queries):
        if not self.training or self.probability == 0:
            return x
        shape = *x.shape[:-2], queries, x.shape[-1]
        drawn = counter_based.kept(
            self.probability, self.seed, self.step, self.place, math.prod(shape)
        )
        mask = torch.as_tensor(drawn.reshape(shape)).to(x.dtype) / (1 - self.probability)
        return torch.cat([x[..., :-queries, :], x[..., -queries:, :] * mask], -2)


def weigh(kind, scores, seen):
    """The weights of the scores [..., queries, keys]; those that are not seen are 0."""
    if kind == "uniform":
        weights = seen.to(scores.dtype)
        return (weights / weights.sum(-1, keepdim=True)).expand_as(scores)
    scores = scores + torch.where(seen, 0.0, -math.inf).to(scores.dtype)
    if kind == "softmax":
        return scores.softmax(-1)
    if kind == "softmax1":  # one more score, of 0
        return nn.functional.pad(scores, (1, 0)).softmax(-1)[..., 1:]
    exponentials = (scores - scores.amax(-1, keepdim=True)).exp()
    return (exponentials + exponentials.sum(-1, keepdim=True)) * seen


class Attention(nn.Module):
    def __init__(self, settings, layer):
        super().__init__()
        d, H = settings.whole("model.d_model"), settings.whole("model.n_heads")
        d_head = settings.whole("model.d_head")
        self.W_Q, self.W_K, self.W_V = (nn.Parameter(torch.empty(H, d, d_head)) for _ in range(3))
        self.W_O = nn.Parameter(torch.empty(H, d_head, d))
        self.kind = settings["model.attention"]
        self.rate = settings.real("model.attention_rate")
        self.dropout = dropout_of(settings, layer, 1)

    def forward(self, x, seen, queries):
        n, P, d = x.shape
        H, _, d_head = self.W_Q.shape

        W = torch.cat([self.W_Q, self.W_K, self.W_V]).transpose(0, 1).reshape(d, -1)
        projected = (x.reshape(-1, d) @ W).view(n, P, 3, H, d_head)
        q, k, v = projected.permute(2, 0, 3, 1, 4)  # [n, H, P, d_head] each
        weights = weigh(self.kind, (q / math.sqrt(d_head)) @ k.transpose(-1, -2), seen)
        if self.rate != 1:
            weights = ((1 - self.rate) + self.rate * weights) * seen
        z = (self.dropout(weights, queries) @ v).transpose(1, 2).reshape(n, P, -1)
        return z @ self.W_O.view(-1, d)


class MLP(nn.Module):
    def __init__(self, settings, layer):
        super().__init__()
        d, m = settings.whole("model.d_model"), settings.whole("model.d_mlp")
        self.W_in, self.b_in = nn.Parameter(torch.empty(d, m)), nn.Parameter(torch.zeros(m))
        self.W_out, self.b_out = nn.Parameter(torch.empty(m, d)), nn.Parameter(torch.zeros(d))
        for bias in self.b_in, self.b_out:
            bias.requires_grad_(settings.holds("model.biases"))
        self.activation = {"relu": torch.relu, "gelu": nn.functional.gelu}[
            settings["model.activation"]
        ]
        self.dropout_neurons = dropout_of(settings, layer, 2)
        self.dropout_out = dropout_of(settings, layer, 3)

    def forward(self, x, queries):
        hidden = self.dropout_neurons(self.activation(x @ self.W_in + self.b_in), queries)
        return self.dropout_out(hidden @ self.W_out + self.b_out, queries)


def dropout_of(settings, layer, place):
    seed = settings.whole("train.seed")
    return Dropout(settings.real("model.dropout"), seed, 4 * layer + place)


class Block(nn.Module):
    def __init__(self, settings, layer):
        super().__init__()
        kind, d = settings["model.layer_norm"], settings.whole("model.d_model")
        norm = {"none": lambda _: nn.Identity(), "pre": PreNorm, "post": PostNorm}[kind]
        self.is_post = kind == "post"
        self.attn = self.mlp = None
        if settings.whole("model.n_heads") > 0:
            self.attn, self.ln1 = Attention(settings, layer), norm(d)
        if settings.whole("model.d_mlp") > 0:
            self.mlp, self.ln2 = MLP(settings, layer), norm(d)

    def forward(self, x, seen, queries):
        def add(norm, part, *others):
            if self.is_post:
                return norm(x + part(x, *others))
            return x + part(norm(x), *others)

        if self.attn:
            x = add(self.ln1, self.attn, seen, queries)
        if self.mlp:
            x = add(self.ln2, self.mlp, queries)
        return x


def sinusoidal(N, d):
    position = torch.arange(N, dtype=torch.float64)[:, None]
    even = torch.arange(0, d, 2, dtype=torch.float64)
    angles = position / 10000 ** (even / d)
    return torch.stack([angles.sin(), angles.cos()], -1).reshape(N, -1)[:, :d]


# ---- the network ----


class Sizes:
    """Of a task: tokens, logits, positions and how many of them are read."""

    def __init__(self, settings):
        p, equals = settings.whole("data.modulus"), settings.holds("data.equals")
        V, length, D = (settings.whole(f"data.{x}") for x in ("vocabulary", "length", "digits"))
        outputs = p + (equals and settings.holds("model.output_equals"))
        self.V_in, self.V, self.N, self.n_read = {
            "pairs": (p + equals, outputs, 2 + equals, 1),
            "digits": (12, 10, 3 * D + 2, D + 1),
            "subsequence": (V, V, length - 1, length - 1),
            "skip-trigram": (V, 10, length, 1),
        }[settings["data.task"]]


class Transformer(nn.Module):
    """Parameters have TransformerLens' names and orientation."""

    def __init__(self, settings):
        super().__init__()
        sizes, d = Sizes(settings), settings.whole("model.d_model")
        self.n_read, R = sizes.n_read, settings.whole("model.registers")
        P = R + sizes.N
        self.W_E = nn.Parameter(torch.empty(sizes.V_in, d))
        self.registers = nn.Parameter(torch.empty(R, d)) if R > 0 else None
        kind = settings["model.positions"]
        if kind == "learned":
            self.positions = nn.Parameter(torch.empty(sizes.N, d))
        else:
            fixed = sinusoidal(sizes.N, d) if kind == "sinusoidal" else None
            self.register_buffer("positions", fixed)
        self.dropout = dropout_of(settings, 0, 0)
        n_layers = settings.whole("model.n_layers")
        self.blocks = nn.ModuleList(Block(settings, layer) for layer in range(n_layers))
        is_pre = settings["model.layer_norm"] == "pre"
        self.ln_final = PreNorm(d) if is_pre else nn.Identity()
        tied = settings.holds("model.tied_embeddings")
        self.W_U = None if tied else nn.Parameter(torch.empty(d, sizes.V))
        seen = torch.ones(P, P).tril().bool()
        seen[:R] = True  # a register sees all, and is seen by all that come after it
        self.register_buffer("seen", seen)

    def forward(self, tokens):
        """Logits [n, n_read, V] at the positions read, of tokens [n, N]."""
        x = nn.functional.embedding(tokens, self.W_E)
        if self.positions is not None:
            x = x + self.positions.to(x.dtype)
        if self.registers is not None:
            x = torch.cat([self.registers.expand(len(tokens), -1, -1), x], 1)
        x = self.dropout(x, x.shape[1])
        for i, block in enumerate(self.blocks):
            last = i + 1 == len(self.blocks)
            x = block(x, self.seen, self.n_read if last else x.shape[1])
        x = self.ln_final(x)[:, -self.n_read :]
        return x @ (self.W_E.T if self.W_U is None else self.W_U)

    def set_step(self, step):
        """Of the masks of dropout."""
        for module in self.modules():
            if isinstance(module, Dropout):
                module.step = step

    def names(self):
        """What a trajectory calls the parameters, {name: parameter}."""
        own = {
            "W_E": "embed.W_E",
            "positions": "pos_embed.W_pos",
            "registers": "registers.W",
            "W_U": "unembed.W_U",
        }
        names = {}
        for name, parameter in self.named_parameters():
            name = name.replace(".weight", ".w").replace(".bias", ".b")
            names[own.get(name, name)] = parameter
        return names

    def load(self, arrays):
        """Takes the values of a snapshot, {name: array}."""
        names = self.names()
        if names.keys() != arrays.keys():
            raise ValueError(f"other parameters: {sorted(names.keys() ^ arrays.keys())}")
        with torch.no_grad():
            for name, parameter in names.items():
                array = numpy.array(arrays[name])
                if array.shape != parameter.shape:
                    raise ValueError(f"{name} is {array.shape}, expected {tuple(parameter.shape)}")
                parameter.copy_(torch.as_tensor(array))


# ---- losses ----


def losses(kind, logits, answers):
    """One of each answer that counts, that is not -1, of logits [n, n_read, V]."""
    counts = answers >= 0
    logits, answers = logits[counts], answers[counts][:, None]
    if kind == "exact":
        return -logits.double().log_softmax(-1).gather(-1, answers)
    if kind == "float32":
        logits = logits.float()
        logits = logits - logits.amax(-1, keepdim=True).detach()
        return logits.exp().sum(-1, keepdim=True).log() - logits.gather(-1, answers)
    stable = torch.where(logits >= 0, logits + 1, 1 / (1 - logits.clamp(max=0)))
    return stable.sum(-1, keepdim=True).log() - stable.gather(-1, answers).log()


# ---- training ----


def optimizer_of(settings, parameters):
    rate = settings.real("optimizer.learning_rate")
    decay = settings.real("optimizer.weight_decay")
    if settings["optimizer.kind"] == "sgd":
        momentum = settings.real("optimizer.momentum")
        return torch.optim.SGD(parameters, rate, momentum=momentum, weight_decay=decay)
    betas = settings.real("optimizer.beta1"), settings.real("optimizer.beta2")
    epsilon = settings.real("optimizer.epsilon")
    return torch.optim.AdamW(parameters, rate, betas=betas, eps=epsilon, weight_decay=decay)


def schedule_of(settings):
    """What the rate is multiplied by at each step."""
    warmup = settings.whole("optimizer.warmup_steps")
    epochs, kind = settings.whole("train.epochs"), settings["optimizer.schedule"]

    def factor(step):
        if step < warmup:
            return step / warmup
        done = (step - warmup) / max(epochs - warmup, 1)
        return {"constant": 1, "linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2}[
            kind
        ]

    return factor


class Training:
    """A network, its loss, its optimizer."""

    def __init__(self, settings):
        self.network = Transformer(settings)
        if settings["train.precision"] == "float64":
            self.network.double()
        self.kind, self.l1 = settings["train.loss"], settings.real("optimizer.l1")
        trained = [x for x in self.network.parameters() if x.requires_grad]
        self.optimizer = optimizer_of(settings, trained)
        self.trained, self.n_steps = trained, 0
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, schedule_of(settings))

    def loss(self, tokens, answers):
        """The mean, as a number, without dropout."""
        self.network.eval()
        with torch.no_grad():
            return losses(self.kind, self.network(tokens), answers).mean().item()

    def step(self, tokens, answers):
        """One step; the mean loss before it, with dropout."""
        self.network.train()
        self.network.set_step(self.n_steps)
        self.optimizer.zero_grad(set_to_none=True)
        mean = losses(self.kind, self.network(tokens), answers).mean()
        penalty = sum(x.abs().sum() for x in self.trained) if self.l1 > 0 else 0
        (mean + self.l1 * penalty).backward()
        self.optimizer.step()
        self.schedule.step()
        self.n_steps += 1
        return mean.item()
