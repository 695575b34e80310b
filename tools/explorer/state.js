// The state of the page, which the link holds:
// #runs=mainline,seed-1&epoch=2700&head=0&neuron=3&a=5&b=17&off=7,20
"use strict";

const START = {
  runs: [],
  epoch: null,
  head: 0,
  neuron: 0,
  a: 3,
  b: 5,
  off: []
};

/* A whole number from 0 to `most`; null for anything else. */
function wholeNumber(text, most) {
  return /^\d{1,9}$/.test(text) && Number(text) <= most ? Number(text) : null;
}

/* The state of a link, and what in it means nothing here. Runs are numbers of `runs`. */
function readLink(hash, runs) {
  const state = Object.assign({}, START, {runs: []}), wrong = [];
  let given;
  try {
    given = new URLSearchParams(hash.replace(/^#/, ""));
  } catch (error) {
    given = new URLSearchParams();
  }
  for (const name of (given.get("runs") || "").split(",").filter(Boolean)) {
    const number =
        runs.findIndex((run) => encodeURIComponent(run.name) === name || run.name === name);
    if (number < 0)
      wrong.push(`there is no run “${name}” here`);
    else if (state.runs.length < 2 && !state.runs.includes(number))
      state.runs.push(number);
  }
  if (!state.runs.length) state.runs.push(0);
  const shown = state.runs.map((number) => runs[number]);
  const limits = {
    epoch: Infinity,
    head: Math.min(...shown.map((run) => run.heads)) - 1,
    neuron: Math.min(...shown.map((run) => run.neurons)) - 1,
    a: Math.min(...shown.map((run) => run.p)) - 1,
    b: Math.min(...shown.map((run) => run.p)) - 1
  };
  for (const name of Object.keys(limits)) {
    if (!given.has(name)) continue;
    const number = wholeNumber(given.get(name), limits[name]);
    if (number === null)
      wrong.push(`${name} cannot be “${given.get(name)}”`);
    else
      state[name] = number;
  }
  for (const text of (given.get("off") || "").split(",").filter(Boolean)) {
    const k = wholeNumber(text, Infinity);
    if (shown.some((run) => run.keys.includes(k)))
      state.off.push(k);
    else
      wrong.push(`“${text}” is no key frequency`);
  }
  for (const name of given.keys())
    if (!(name in START)) wrong.push(`“${name}” means nothing`);
  return {state, wrong};
}

/* The link of a state. */
function writeLink(state, runs) {
  const names = state.runs.map((number) => encodeURIComponent(runs[number].name)).join(",");
  const rest = ["epoch", "head", "neuron", "a", "b"].map((name) => `${name}=${state[name]}`);
  const off = state.off.length ? [`off=${state.off.join(",")}`] : [];
  return "#" + [`runs=${names}`, ...rest, ...off].join("&");
}
