"""The time of an epoch in PyTorch on a GPU, for the networks of bench-devices: the training half alone
(forward and backward over the training pairs, AdamW), float32 logits and a float64 log_softmax as the
paper's authors have it. Eagerly, as people run it; as one captured graph of a step; and as a graph of a
step that computes the MLP and the logits at the last position alone, which is all that is read.
"""

import time

import torch

SIZES = (59, 512), (113, 512), (227, 512), (401, 512), (113, 2048), (113, 8192)
SECONDS = 2


def network(p, d_mlp, d=128, heads=4):
    shapes = {
        "W_E": (p + 1, d),
        "W_pos": (3, d),
        "W_Q": (heads, d, d // heads),
        "W_K": (heads, d, d // heads),
        "W_V": (heads, d, d // heads),
        "W_O": (heads, d // heads, d),
        "W_in": (d, d_mlp),
        "b_in": (d_mlp,),
        "W_out": (d_mlp, d),
        "b_out": (d,),
        "W_U": (d, p + 1),
    }
    return {
        name: torch.nn.Parameter(torch.randn(shape, device="cuda") * shape[0] ** -0.5)
        for name, shape in shapes.items()
    }


def loss_of(w, tokens, answers, seen, last_alone=False):
    """Mean loss of tokens [pairs, 3] at the last position."""
    x = w["W_E"][tokens] + w["W_pos"]
    q = torch.einsum("nsd,hde->nhse", x, w["W_Q"])
    k = torch.einsum("nsd,hde->nhse", x, w["W_K"])
    v = torch.einsum("nsd,hde->nhse", x, w["W_V"])
    scores = torch.einsum("nhqe,nhke->nhqk", q, k) / q.shape[-1] ** 0.5
    weights = scores.masked_fill(~seen, float("-inf")).softmax(-1)
    z = torch.einsum("nhqk,nhke->nhqe", weights, v)
    x = x + torch.einsum("nhse,hed->nsd", z, w["W_O"])
    if last_alone:
        x = x[:, -1:]
    x = x + (x @ w["W_in"] + w["b_in"]).relu() @ w["W_out"] + w["b_out"]
    logits = (x @ w["W_U"])[:, -1].to(torch.float64)
    return torch.nn.functional.cross_entropy(logits, answers)


def pairs_of(p, fraction=0.3):
    chosen = torch.randperm(p * p)[: int(fraction * p * p)]
    a, b = chosen // p, chosen % p
    tokens = torch.stack([a, b, torch.full_like(a, p)], -1)
    return tokens.cuda(), ((a + b) % p).cuda()


def seconds_of(step):
    """Of one step; waits for the device only at the end of a round."""
    for _ in range(20):
        step()
    steps = 8
    while True:
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(steps):
            step()
        torch.cuda.synchronize()
        taken = time.perf_counter() - start
        if taken >= SECONDS:
            return taken / steps
        steps *= 2


def captured(step):
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def steps_of(p, d_mlp):
    w = network(p, d_mlp)
    tokens, answers = pairs_of(p)
    seen = torch.tril(torch.ones(3, 3, dtype=torch.bool, device="cuda"))
    optimizer = torch.optim.AdamW(
        w.values(), 1e-3, betas=(0.9, 0.98), weight_decay=1.0, capturable=True
    )

    def step(last_alone=False):
        optimizer.zero_grad(set_to_none=True)
        loss_of(w, tokens, answers, seen, last_alone).backward()
        optimizer.step()

    yield "eager", step
    yield "graph", captured(step)
    yield "last", captured(lambda: step(last_alone=True))


def main():
    torch.backends.cuda.matmul.allow_tf32 = False
    print(f"PyTorch {torch.__version__}, {torch.cuda.get_device_name()}: milliseconds per epoch")
    print(f"{'p':>5} {'d_mlp':>6} {'eager':>10} {'graph':>10} {'last alone':>10}")
    for p, d_mlp in SIZES:
        times = {name: seconds_of(step) for name, step in steps_of(p, d_mlp)}
        columns = " ".join(f"{1e3 * times[name]:10.4f}" for name in ("eager", "graph", "last"))
        print(f"{p:5} {d_mlp:6} {columns}", flush=True)


main()
