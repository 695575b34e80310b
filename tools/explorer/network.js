// Runs a network on pairs, from the parts that tools/export/network.h describes. The page and its
// worker share this file. Of a run: p, sign, heads, d_head, neurons, attention, attention_rate. Of
// a network: scores [heads][p + 3] (numbers, "=", positions 0 and 1), values [p + 3][heads d_head],
// neurons [m][heads d_head], neuronBase [m], skip [p][heads d_head], logitBase [p], W_L [m][p],
// directions [keys][2][p].
"use strict";

/* The attention weights of the three scores s0, s1, s2, into out[at ...]
 * (tools/engine/factored/attention.h). */
function attend(run, s0, s1, s2, out, at) {
  const largest = Math.max(s0, s1, s2, run.attention === "softmax1" ? 0 : -Infinity);
  const e0 = Math.exp(s0 - largest), e1 = Math.exp(s1 - largest), e2 = Math.exp(s2 - largest);
  const sum = e0 + e1 + e2, rate = run.attention_rate;
  let scale = 1 / sum, shift = 0;
  if (run.attention === "softmax1") scale = 1 / (Math.exp(-largest) + sum);
  if (run.attention === "softmax1-unnormalised") [scale, shift] = [1, sum];
  if (run.attention === "uniform") [scale, shift] = [0, 1 / 3];
  out[at] = 1 - rate + rate * (scale * e0 + shift);
  out[at + 1] = 1 - rate + rate * (scale * e1 + shift);
  out[at + 2] = 1 - rate + rate * (scale * e2 + shift);
}

/* The weights of all heads for a pair, into out[heads][3]. */
function attendPair(run, scores, a, b, out) {
  const n = run.p + 3;
  for (let h = 0; h < run.heads; h++) {
    const s = h * n;
    attend(run, scores[s + a] + scores[s + run.p + 1], scores[s + b] + scores[s + run.p + 2],
           scores[s + run.p], out, 3 * h);
  }
}

/* Vectors read off by rows of a reader: of each source and head their product, [p +
 * 3][heads][rows]. */
function readSources(run, values, reader, rows) {
  const H = run.heads, d = run.d_head, n = run.p + 3, out = new Float32Array(n * H * rows);
  for (let x = 0; x < n; x++)
    for (let h = 0; h < H; h++)
      for (let r = 0; r < rows; r++) {
        let sum = 0;
        for (let j = 0, v = (x * H + h) * d, w = (r * H + h) * d; j < d; j++)
          sum += values[v + j] * reader[w + j];
        out[(x * H + h) * rows + r] = sum;
      }
  return out;
}

/* What a pair's heads add up to: base + sum over heads of the weighted vectors of its three tokens,
   into out[rows]. `read` is that of readSources. */
function addHeads(run, weights, read, rows, base, a, b, out) {
  const H = run.heads, step = H * rows, p = run.p;
  for (let r = 0; r < rows; r++) out[r] = base[r];
  for (let h = 0; h < H; h++) {
    const w0 = weights[3 * h], w1 = weights[3 * h + 1], w2 = weights[3 * h + 2];
    const of = h * rows, first = of + (p + 1) * step, second = of + (p + 2) * step;
    for (let r = 0; r < rows; r++)
      out[r] += w0 * (read[of + a * step + r] + read[first + r]) +
                w1 * (read[of + b * step + r] + read[second + r]) + w2 * read[of + p * step + r];
  }
}

/* What all neurons and all logits read off the sources, found once for a network. */
function readNetwork(run, network) {
  if (!network.read)
    network.read = {
      neurons: readSources(run, network.values, network.neurons, run.neurons),
      logits: readSources(run, network.values, network.skip, run.p)
    };
  return network.read;
}

/* Calls use(a, b, logits[p]) for each of some pairs [[a, b], ...], or for all. */
function runNetwork(run, network, pairs, use) {
  const p = run.p, m = run.neurons, weights = new Float64Array(3 * run.heads);
  const read = readNetwork(run, network);
  const hidden = new Float64Array(m), logits = new Float64Array(p), W_L = network.W_L;
  const one = (a, b) => {
    attendPair(run, network.scores, a, b, weights);
    addHeads(run, weights, read.neurons, m, network.neuronBase, a, b, hidden);
    addHeads(run, weights, read.logits, p, network.logitBase, a, b, logits);
    for (let i = 0; i < m; i++) {
      const activation = hidden[i];
      if (!(activation > 0)) continue;
      for (let c = 0, at = i * p; c < p; c++) logits[c] += activation * W_L[at + c];
    }
    use(a, b, logits);
  };
  if (pairs) {
    for (const [a, b] of pairs) one(a, b);
    return;
  }
  for (let a = 0; a < p; a++)
    for (let b = 0; b < p; b++) one(a, b);
}

/* One neuron on all pairs, [p][p]. */
function neuronMap(run, network, neuron) {
  const p = run.p, z = run.heads * run.d_head, out = new Float32Array(p * p);
  const reader = network.neurons.subarray(neuron * z, (neuron + 1) * z);
  const read = readSources(run, network.values, reader, 1), one = new Float64Array(1);
  const base = network.neuronBase.subarray(neuron, neuron + 1),
        weights = new Float64Array(3 * run.heads);
  for (let a = 0; a < p; a++)
    for (let b = 0; b < p; b++) {
      attendPair(run, network.scores, a, b, weights);
      addHeads(run, weights, read, 1, base, a, b, one);
      out[a * p + b] = Math.max(0, one[0]);
    }
  return out;
}

/* s = a + b or a - b modulo p. */
function residue(run, a, b) {
  return (a + run.sign * b + run.p) % run.p;
}

/* What is removed from the logits of the pairs with each s, [p][p], for the keys that are off
   (numbers of keys): their projection on cos(w_k s) and sin(w_k s). */
function removedLogits(run, directions, off) {
  const p = run.p, removed = new Float64Array(p * p);
  for (const key of off)
    for (let s = 0; s < p; s++) {
      const angle = 2 * Math.PI * ((run.keys[key] * s) % p) / p;
      const cos = Math.cos(angle), sin = Math.sin(angle), at = key * 2 * p;
      for (let c = 0; c < p; c++)
        removed[s * p + c] += cos * directions[at + c] + sin * directions[at + p + c];
    }
  return removed;
}

/* Means of the loss over all, training and test pairs, and that of each pair, [p][p], of logits
   [p][p][p] from which removed[s] is subtracted. */
function ablatedLosses(run, logits, removed, train) {
  const p = run.p, ofPairs = new Float32Array(p * p), sums = [0, 0], counts = [0, 0];
  for (let a = 0, pair = 0; a < p; a++)
    for (let b = 0; b < p; b++, pair++) {
      const s = residue(run, a, b), at = pair * p, from = s * p;
      const right = logits[at + s] - removed[from + s];
      let sum = 0;
      for (let c = 0; c < p; c++)
        if (c !== s) sum += Math.exp(logits[at + c] - removed[from + c] - right);
      const loss = Math.log1p(sum);
      ofPairs[pair] = loss;
      sums[train[pair]] += loss;
      counts[train[pair]]++;
    }
  return {
    all: (sums[0] + sums[1]) / (p * p),
    train: sums[1] / counts[1],
    test: sums[0] / counts[0],
    ofPairs
  };
}
