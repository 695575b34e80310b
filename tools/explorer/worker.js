// The page's worker: losses over all pairs, behind the page's back. A message has `id`, `run`,
// `network`, whose `name` tells it from others, `train` and `off`, the keys that are off; the
// answer `id`, `off`, `network`, the losses, and `whole`, those without any off. The logits of the
// last networks are kept, with their losses, so that switching a frequency takes little.
"use strict";

function work() {
  const kept = new Map(), MOST = 4;

  /* The logits of a network on all pairs, and their losses as they are. */
  function outputsOf(run, network, train) {
    const found = kept.get(network.name);
    if (found) return found;
    const p = run.p, logits = new Float32Array(p * p * p);
    runNetwork(run, network, null, (a, b, ofPair) => logits.set(ofPair, (a * p + b) * p));
    const outputs = {logits, losses: ablatedLosses(run, logits, new Float64Array(p * p), train)};
    kept.set(network.name, outputs);
    if (kept.size > MOST) kept.delete(kept.keys().next().value);
    return outputs;
  }

  self.onmessage = ({data}) => {
    const {id, run, network, train, off} = data;
    const outputs = outputsOf(run, network, train),
          removed = removedLogits(run, network.directions, off);
    const losses = ablatedLosses(run, outputs.logits, removed, train);
    self.postMessage({id, off, network: network.name, whole: outputs.losses, losses});
  };
}
