"""The examples of every task and the batches of every step, from their definitions
(tools/network/dataset.h, tools/network/examples.h, tools/engine/textbook/batches.h), with numpy
alone. Tokens are [n, N], answers [n, R]; answers of -1 do not count."""

import math
import random

import numpy

import counter_based


# ---- pairs ----


def answer_of(operation, p, a, b):
    if operation == "divide":
        return a * pow(b, p - 2, p) % p
    return {"add": a + b, "subtract": a - b, "quadratic": a * a + a * b + b * b, "multiply": a * b}[
        operation
    ] % p


def pairs(settings):
    """All training pairs and all test pairs, row by row."""
    p, operation = settings.whole("data.modulus"), settings["data.operation"]
    listed = [(a, b) for a in range(p) for b in range(p)]
    shuffled = list(listed)
    random.seed(settings.whole("data.seed"))
    random.shuffle(shuffled)
    trained = set(shuffled[: int(settings.real("data.train_fraction") * p * p)])
    end = [p] if settings.holds("data.equals") else []

    def arrays(chosen):
        tokens = numpy.array([[a, b, *end] for a, b in chosen])
        return tokens, numpy.array([[answer_of(operation, p, a, b)] for a, b in chosen])

    return arrays([x for x in listed if x in trained]), arrays(
        [x for x in listed if x not in trained]
    )


# ---- choices ----


def uniform(seed, name, index):
    return float(counter_based.uniform(seed, name, index))


class Choices:
    """The choices that make an example: first the digits of a code, of which there are `n_codes`,
    then random numbers of a seed of its own."""

    def __init__(self, seed, code=0, n_codes=1):
        self.seed, self.code, self.n_codes, self.n_drawn = seed, code, n_codes, 0

    def choose(self, n):
        if self.n_codes == 1:
            u = uniform(self.seed, "examples.choice", self.n_drawn)
            self.n_drawn += 1
            return int(u * n)
        self.code, chosen = divmod(self.code, n)
        self.n_codes //= n
        return chosen


def count_codes(settings):
    if settings["data.task"] == "digits":
        return 10 ** (2 * settings.whole("data.digits"))
    if settings["data.task"] != "skip-trigram":
        return 1
    length, others = settings.whole("data.length"), settings.whole("data.vocabulary") - 10
    n = 10 * (length - 1)
    for _ in range(length - 1):
        if n > 2**62 // others:
            break
        n *= others
    return n


def shuffled(seed, n, i):
    """Number i of a random order of 0 .. n-1."""
    width = math.ceil(math.sqrt(n))
    height = (n + width - 1) // width
    while True:
        y, x = divmod(i, width)
        for step in range(0, 24, 2):
            x = (x + int(uniform(seed, "examples.order", step << 32 | y) * width)) % width
            y = (y + int(uniform(seed, "examples.order", (step + 1) << 32 | x) * height)) % height
        i = y * width + x
        if i < n:
            return i


# ---- sequences ----


def digits(settings, choices):
    D = settings.whole("data.digits")
    x, y = ([choices.choose(10) for _ in range(D)] for _ in range(2))
    total = int("".join(map(str, x))) + int("".join(map(str, y)))
    z = [int(digit) for digit in str(total).zfill(D + 1)]
    return [*x, 10, *y, 11, *z[:D]], z


def subsequence(settings, choices):
    vocabulary, length = settings.whole("data.vocabulary"), settings.whole("data.length")
    runs, size = settings.whole("data.repeats"), settings.whole("data.run")
    singles, run, sequence, counts = length - runs * size, None, [], []
    while runs + singles > 0:
        if choices.choose(runs + singles) >= runs:
            sequence.append(choices.choose(vocabulary))
            counts.append(False)
            singles -= 1
            continue
        counts += [run is not None] * size
        run = run or [choices.choose(vocabulary) for _ in range(size)]
        sequence += run
        runs -= 1
    answers = [token if count else -1 for token, count in zip(sequence, counts)]
    return sequence[:-1], answers[1:]


def skip_trigram(settings, choices):
    length, others = settings.whole("data.length"), settings.whole("data.vocabulary") - 10
    place, key = choices.choose(length - 1), choices.choose(10)
    tokens = [None] * length
    for i in reversed(range(length)):
        tokens[i] = key if i == place else 10 + choices.choose(others)
    entry = 10 * (tokens[-1] - 10) + key
    answer = int(uniform(settings.whole("data.seed"), "examples.table", entry) * 10)
    return tokens, [answer]


MAKERS = {"digits": digits, "subsequence": subsequence, "skip-trigram": skip_trigram}


def make(settings, choices):
    return MAKERS[settings["data.task"]](settings, choices)


def seed_of(settings, name, index):
    """That of the numbers of one example."""
    return int(counter_based.bits(settings.whole("data.seed"), name, index))


def number(settings, subset, index):
    """Example number `index` of the subset "train" or "test"."""
    n_codes = count_codes(settings)
    place = index if subset == "train" else n_codes - 1 - index
    code = shuffled(settings.whole("data.seed"), n_codes, place) if n_codes > 1 else 0
    return make(settings, Choices(seed_of(settings, f"examples.{subset}", index), code, n_codes))


def fresh(settings, step, index):
    return make(settings, Choices(seed_of(settings, "examples.fresh", step << 32 | index)))


def arrays(examples):
    tokens, answers = zip(*examples)
    return numpy.array(tokens), numpy.array(answers)


# ---- batches ----


class Examples:
    """`train` (None if every step draws fresh examples) and `test`, and the batch of each step."""

    def __init__(self, settings):
        self.settings, self.pass_number, self.order = settings, -1, None
        self.size = settings.whole("train.batch_size")
        if settings["data.task"] == "pairs":
            self.train, self.test = pairs(settings)
            return

        def listed(subset, n):
            return arrays([number(settings, subset, i) for i in range(n)]) if n > 0 else None

        self.train = listed("train", settings.whole("data.examples"))
        self.test = listed("test", settings.whole("data.test_examples"))

    def batch(self, step):
        if self.train is None:
            return arrays([fresh(self.settings, step, i) for i in range(self.size)])
        tokens, answers = self.train
        n = len(tokens)
        if self.size == 0 or self.size >= n:
            return self.train
        pass_number, place = divmod(step, math.ceil(n / self.size))
        if pass_number != self.pass_number:
            self.pass_number, self.order = pass_number, self.order_of(pass_number, n)
        chosen = self.order[place * self.size : (place + 1) * self.size]
        return tokens[chosen], answers[chosen]

    def order_of(self, pass_number, n):
        """Fisher and Yates' shuffle."""
        order = list(range(n))
        index = pass_number * n + numpy.arange(n)
        u = counter_based.uniform(self.settings.whole("train.seed"), "train.order", index)
        for i in range(n - 1, 0, -1):
            j = int(u[i] * (i + 1))
            order[i], order[j] = order[j], order[i]
        return order
