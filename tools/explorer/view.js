// A view: all panels of one run. It is told the state of the page (state.js) and shows it.
"use strict";

const LOSSES = [
  {label: "Train", table: "history", column: "train_loss", color: "blue", dash: "5 3"},
  {label: "Test", table: "history", column: "test_loss", color: "vermillion"},
  {label: "Excluded", table: "measures", column: "excluded_loss", color: "purple"},
  {label: "Restricted", table: "measures", column: "restricted_loss", color: "green"},
  {label: "Test accuracy", table: "measures", column: "test_accuracy"}
];
const GINI = [
  {label: "W_E", table: "measures", column: "gini_W_E", color: "black"},
  {label: "W_L", table: "measures", column: "gini_W_L", color: "orange", dash: "6 2 1 2"}
];
const WEIGHTS =
    [{label: "Σ squared weights", table: "measures", column: "squared_weights", color: "black"}];
/* What the worker and the functions of network.js need to know of a run. */
function sizesOf(run) {
  const {p, sign, heads, d_head, neurons, attention, attention_rate, keys} = run;
  return {p, sign, heads, d_head, neurons, attention, attention_rate, keys};
}

/* A panel; `of` says of which epoch it is, where that is not the slider's. */
function addPanel(panels, name, title) {
  const figure = panels.append("figure").attr("data-panel", name);
  const caption = figure.append("figcaption");
  caption.append("span").text(title);
  return {node: figure.node(), caption, of: caption.append("span").attr("class", "of")};
}

/* A number to choose in a caption: 0 to n - 1. */
function addNumber(caption, label, n, choose) {
  const box = caption.append("label").text(label + " ");
  const input = box.append("input").attr("type", "number").attr("min", 0).attr("max", n - 1);
  input.on("change", () => {
    const number = Math.round(Number(input.node().value));
    choose(Number.isFinite(number) ? Math.max(0, Math.min(n - 1, number)) : 0);
  });
  return input;
}

/* Switches of the key frequencies, and the losses without those that are off. */
function ablationPanel(panel, run, page) {
  const box = d3.select(panel.node), field = box.append("fieldset");
  field.append("legend").text("Key frequencies that stay in the logits");
  const keys = field.selectAll("label").data(run.keys).enter().append("label").attr("class", "key");
  const boxes = keys.append("input")
                    .attr("type", "checkbox")
                    .attr("data-key", (k) => k)
                    .on("change", page.toggle);
  keys.append("span").text((k) => ` k = ${k}`);
  const table = box.append("table");
  table.append("thead")
      .append("tr")
      .selectAll("th")
      .data(["Loss (nats)", "All pairs", "Train", "Test"])
      .enter()
      .append("th")
      .attr("scope", "col")
      .text(String);
  const rows = table.append("tbody").selectAll("tr").data(["whole", "losses"]).enter().append("tr");
  rows.attr("data-row", String).append("th").attr("scope", "row");
  const cells = rows.selectAll("td")
                    .data(["all", "train", "test"])
                    .enter()
                    .append("td")
                    .attr("data-loss", String);
  return {
    /* `arrived` is what the worker has found; null while it is at work. */
    move(off, arrived) {
      boxes.property("checked", (k) => !off.includes(k));
      const gone = run.keys.filter((k) => off.includes(k));
      rows.select("th").text((which) => which === "whole" ? "As it is"
                                                          : `Without ${gone.join(", ") || "any"}`);
      rows.attr("hidden", (which) => which === "losses" && !gone.length ? "" : null);
      table.classed("pending", !arrived);
      if (!arrived) return;
      for (const which of ["whole", "losses"])
        cells.filter((_, i, group) => group[i].parentNode.dataset.row === which)
            .text((name) => show(arrived[which][name]))
            .attr("title", (name) => arrived[which][name]);
    }
  };
}

/* Losses over all pairs come from a worker; the latest request alone counts. */
function makeWorker(run, arrived) {
  const source = document.getElementById("network-code").textContent + String(work) + "work();";
  const worker = new Worker(URL.createObjectURL(new Blob([source])));
  let wanted = "", busy = false, next = null;
  const send = ({network, off, name}) => {
    busy = true;
    const parts = Object.assign({}, network, {read: null}); // which the worker finds itself
    worker.postMessage({id: name, run: sizesOf(run), network: parts, train: run.train, off});
  };
  worker.onmessage = (message) => {
    busy = false;
    if (message.data.id === wanted) arrived(message.data);
    if (next) send(next);
    next = null;
  };
  return {
    ask(network, off) {
      const name = `${network.name}: ${off}`;
      if (name === wanted) return;
      wanted = name;
      if (busy)
        next = {network, off, name};
      else
        send({network, off, name});
    },
    close: () => worker.terminate()
  };
}

/* The panels that need a network. */
function networkPanels(panels, run, ablation, page) {
  const p = run.p, pairs = {x: "a", y: "b"}, viridis = data.colors.viridis;
  const attention = addPanel(panels, "attention", "Attention to a");
  const head =
      addNumber(attention.caption, "Head", run.heads, (number) => page.choose({head: number}));
  const attentionMap = mapChart(attention.node, p, viridis, "Attention from = to a, for all pairs",
                                pairs, page.choosePair);
  const neuron = addPanel(panels, "neuron", "Neuron");
  const number =
      addNumber(neuron.caption, "Number", run.neurons, (which) => page.choose({neuron: which}));
  const neuronMapChart =
      mapChart(neuron.node, p, viridis, "The neuron on all pairs", pairs, page.choosePair);
  const neuronText = d3.select(neuron.node).append("p").attr("class", "values");
  const attentionText = d3.select(attention.node).append("p").attr("class", "values");
  const grid = addPanel(panels, "pairs", "Loss of each pair");
  const gridMap = mapChart(grid.node, p, viridis, "Loss of each pair: arrow keys choose one", pairs,
                           page.choosePair);
  const gridText = d3.select(grid.node).append("p").attr("class", "values");
  const logits = addPanel(panels, "logits", "Logits of a pair");
  const inputs = ["a", "b"].map(
      (name) => addNumber(logits.caption, name, p, (value) => page.choose({[name]: value})));
  const logitLines = logitChart(logits.node, run);
  const switches = ablationPanel(ablation, run, page);
  let losses = null, state = null, network = null, drawn = null;

  const keysOff = () =>
      run.keys.map((k, key) => key).filter((key) => state.off.includes(run.keys[key]));

  /* Are the losses those of what is shown? */
  const isFresh = () => losses && network && losses.network === network.name &&
                        String(losses.off) === String(keysOff());

  function showLosses() {
    const fresh = isFresh();
    switches.move(state.off, fresh ? losses : null);
    const {a, b} = state, pair = a * p + b;
    gridText.text(`${a} ${run.sign > 0 ? "+" : "−"} ${b} = ${residue(run, a, b)}, a ${
                      run.train[pair] ? "training" : "test"} pair` +
                  (fresh ? `: loss ${show(losses.losses.ofPairs[pair])}` : ""));
    gridMap.mark(a, b);
    if (!fresh) return;
    const log = d3.scaleLog([1e-8, 30], [0, 1]).clamp(true);
    gridMap.draw((x, y) => log(Math.max(1e-9, losses.losses.ofPairs[x * p + y])), "1e-8",
                 "30 nats");
  }

  const worker = makeWorker(run, (arrived) => {
    losses = arrived;
    showLosses();
    page.settle();
  });

  function showAttention(frame) {
    const n = run.heads * (p + 3), scores = run.scores.subarray(frame * n, (frame + 1) * n);
    const weights = new Float64Array(3 * run.heads), h = state.head;
    const weight = (a, b, position) => {
      attendPair(run, scores, a, b, weights);
      return weights[3 * h + position];
    };
    attentionMap.draw((a, b) => weight(a, b, 0), "0", "1");
    attentionMap.mark(state.a, state.b);
    const [toA, toB, toEquals] =
        [0, 1, 2].map((position) => show(weight(state.a, state.b, position)));
    attentionText.text(`Pair ${state.a}, ${state.b}: ${toA} to a, ${toB} to b, ${toEquals} to =`);
    head.property("value", h);
  }

  function showNeuron() {
    const i = state.neuron, name = `${network.name}: ${i}`;
    if (!drawn || drawn.name !== name) {
      drawn = {name, values: neuronMap(run, network, i)};
      const largest = d3.max(drawn.values);
      neuronMapChart.draw((a, b) => largest > 0 ? drawn.values[a * p + b] / largest : 0, "0",
                          show(largest));
    }
    neuronMapChart.mark(state.a, state.b);
    neuronText.text(
        `${show(drawn.values[state.a * p + state.b])} for the pair. At the last epoch k = ${
            run.neuron_frequency[i]} explains ${show(100 * run.neuron_fve[i])} %`);
    number.property("value", i);
  }

  function showLogits() {
    const {a, b} = state, s = residue(run, a, b), off = keysOff();
    const removed = removedLogits(run, network.directions, off).subarray(s * p, (s + 1) * p);
    let logits = null;
    runNetwork(run, network, [[a, b]],
               (x, y, ofPair) => { logits = ofPair.map((logit, c) => logit - removed[c]); });
    const mean = d3.mean(logits), alpha = run.alpha[network.frame];
    const kept = run.keys.map((k, key) => [k, alpha[key]]).filter(([k]) => !state.off.includes(k));
    const cosines = (d) =>
        d3.sum(kept, ([k, weight]) => weight * Math.cos(2 * Math.PI * k * d / p));
    logitLines.move(logits.map((logit) => logit - mean), cosines, s);
    inputs[0].property("value", a);
    inputs[1].property("value", b);
  }

  return {
    async move(now, frame) {
      state = now;
      showAttention(frame);
      const opened = await openNetwork(run, networkNumber(run, frame));
      if (state !== now) return;
      network = opened;
      for (const panel of [neuron, grid, logits, ablation]) panel.of.text(`epoch ${network.epoch}`);
      showNeuron();
      showLogits();
      showLosses();
      worker.ask(network, keysOff());
    },
    /* What has been chosen, in words. */
    say() {
      if (!state) return "";
      const gone = run.keys.filter((k) => state.off.includes(k)).join(", ");
      const lost = isFresh() ? show(losses.losses.all) : "not known yet";
      return gridText.text() + (gone ? `; without ${gone} the loss is ${lost}` : "");
    },
    close: () => worker.close()
  };
}

/* All panels of a run, one of those that are shown. page: seek(epoch), choose({name: value}),
   choosePair(a, b), toggle(k), settle() when something has arrived. */
function makeView(run, runs, page) {
  const section =
      document.importNode(document.getElementById("view").content.firstElementChild, true);
  section.setAttribute("aria-label", run.name);
  section.querySelector("h2").textContent = run.name;
  section.querySelector(".about").textContent = `${run.task}: ${run.settings}`;
  const panels = d3.select(section.querySelector(".panels"));
  const timed = [
    ["losses", "Losses", LOSSES, {label: "Loss (nats)", log: true}],
    ["gini", "Gini coefficients", GINI, {label: "Gini coefficient", from: 0, to: 1}],
    ["weights", "Size of the weights", WEIGHTS, {label: "Σ squared weights", from: 0}]
  ].map(([name, title, lines, y]) => {
    const panel = addPanel(panels, name, title);
    return Object.assign(timeChart(panel.node, run, runs, lines, y, page.seek), {of: panel.of});
  });
  const ablation = run.unfit ? null : addPanel(panels, "ablation", "Without a key frequency");
  const framed = [
    spectrumChart(addPanel(panels, "W_E", "Norms of the embedding, W_E").node, run, 0),
    spectrumChart(addPanel(panels, "W_L", "Norms of the neuron-logit map, W_L").node, run, 1),
    circleCharts(addPanel(panels, "circles", "Tokens on circles").node, run)
  ];
  const norms = addPanel(panels, "norms", "Norms of the logits");
  const normMap =
      mapChart(norms.node, run.p, data.colors.viridis, "Norms of the logits' Fourier components",
               {x: "component over a", y: "over b"});
  const normText = d3.select(norms.node).append("p").attr("class", "values");
  const largest = d3.max(run.largest);
  let networks = null;
  if (run.unfit)
    addPanel(panels, "unfit", "Attention, neurons, logits")
        .of.text(`The page cannot run this network: ${run.unfit}.`);
  else
    networks = networkPanels(panels, run, ablation, page);

  function showNorms(frame) {
    const p = run.p,
          norm = (a, b) => run.largest[frame] * (run.norms[(frame * p + a) * p + b] / 255) ** 2;
    normMap.draw((a, b) => norm(a, b) / largest, "0", show(largest));
    const name = (i) => i ? `${i % 2 ? "cos" : "sin"} ${Math.floor((i + 1) / 2)}` : "constant";
    const place = d3.scan(d3.range(1, p * p),
                          (x, y) => run.norms[frame * p * p + y] - run.norms[frame * p * p + x]) +
                  1;
    normText.text(`Largest: ${show(run.largest[frame])} at ${name(Math.floor(place / p))} × ${
        name(place % p)}`);
  }

  return {
    run,
    section,
    show(state) {
      const frame = frameAt(run, state.epoch), epoch = run.epochs[frame],
            row = run.measuresAt(epoch);
      timed.forEach((chart) => {
        chart.move(state.epoch, row);
        chart.of.text(epoch === state.epoch ? "" : `epoch ${epoch}`);
      });
      timed[0].of.text(PHASES[run.measures.phase[row]] || "");
      framed.forEach((chart) => chart.move(frame));
      showNorms(frame);
      if (networks) networks.move(state, frame);
    },
    say(state) {
      const row = run.measuresAt(run.epochs[frameAt(run, state.epoch)]), measures = run.measures;
      const words = [
        `${run.name}, epoch ${measures.epoch[row]}`, PHASES[measures.phase[row]],
        `train loss ${show(measures.train_loss[row])}`, `test loss ${show(measures.test_loss[row])}`
      ];
      return words.concat(networks ? [networks.say()] : []).filter(Boolean).join("; ");
    },
    close() {
      if (networks) networks.close();
      section.remove();
    }
  };
}
