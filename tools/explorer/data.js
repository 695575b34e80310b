// The page's data: what export-explorer wrote (tools/export/run.h), decoded when it is needed.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);

/* The bytes of a blob (tools/export/blob.h). */
async function inflate(blob) {
  const text = atob(blob.data), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/* Its numbers: floats, bytes, or rows of whole numbers with a scale each. */
async function decode(blob) {
  const bytes = await inflate(blob);
  if (blob.type === "bytes") return bytes;
  if (blob.type === "floats") return new Float32Array(bytes.buffer);
  const scales = await decode(blob.scales), n = bytes.length / 2, out = new Float32Array(n);
  for (let i = 0; i < n; i++)
    out[i] = scales[Math.floor(i / blob.n)] * (((bytes[i] << 8) | bytes[n + i]) - 8191);
  return out;
}

/* A run with its arrays decoded, but for the networks. */
async function openRun(run) {
  const [train, spectra, circles, scores, norms, largest] = await Promise.all([
    run.train, run.spectra, run.circles, run.scores, run.norms.bytes, run.norms.largest
  ].map(decode));
  const rows = new Map(run.measures.epoch.map((epoch, row) => [epoch, row]));
  return Object.assign({}, run, {
    train,
    spectra,
    circles,
    scores,
    norms,
    largest,
    measuresAt: (epoch) => rows.get(epoch),
    networks: run.networks.map(() => null),
    packed: run.networks,
    open: new Map()
  });
}

/* The number of the network for a frame: the last one taken by then, or else the first. */
function networkNumber(run, frame) {
  return Math.max(0, d3.bisectRight(run.packed.map((network) => network.frame), frame) - 1);
}

/* A network by its number, decoded once. */
function openNetwork(run, number) {
  if (run.open.has(number)) return run.open.get(number);
  const packed = run.packed[number], n = run.heads * (run.p + 3);
  const parts = ["values", "neurons", "neuron_base", "skip", "logit_base", "W_L", "directions"];
  const opened = Promise.all(parts.map((part) => decode(packed[part]))).then((arrays) => {
    const [values, neurons, neuronBase, skip, logitBase, W_L, directions] = arrays;
    run.networks[number] = {
      name: run.name + " " + number,
      frame: packed.frame,
      epoch: run.epochs[packed.frame],
      scores: run.scores.slice(packed.frame * n, (packed.frame + 1) * n),
      values,
      neurons,
      neuronBase,
      skip,
      logitBase,
      W_L,
      directions
    };
    return run.networks[number];
  });
  run.open.set(number, opened);
  return opened;
}

/* The frame for an epoch: the last one taken by then, or else the first. */
function frameAt(run, epoch) {
  return Math.max(0, d3.bisectRight(run.epochs, epoch) - 1);
}

const PHASES = ["Memorisation", "Circuit formation", "Cleanup", "After cleanup"];

/* Where the phases of a run begin and end, in epochs. */
function phasesOf(run) {
  const {epoch, phase} = run.measures, found = [];
  phase.forEach((number, row) => {
    const last = found[found.length - 1];
    if (last && last.number === number)
      last.end = epoch[row];
    else if (number !== null)
      found.push({number, start: last ? last.end : epoch[row], end: epoch[row]});
  });
  return found;
}
