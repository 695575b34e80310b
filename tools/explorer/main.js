// The page: its state, what changes it, and the views that show it.
"use strict";

const FRAME_MILLISECONDS = 120, SETTLED_MILLISECONDS = 200;
const $ = (id) => document.getElementById(id);
const opened = new Map(); // runs by number
let state = null, views = [], epochs = [], playing = null, due = false, settling = null;

/* ---- showing ---- */

function showState() {
  due = false;
  const place = Math.max(0, d3.bisectRight(epochs, state.epoch) - 1);
  $("slider").value = place;
  $("slider").setAttribute("aria-valuetext", `epoch ${epochs[place]}`);
  $("epoch").textContent = `Epoch ${state.epoch.toLocaleString("en")}`;
  views.forEach((view) => view.show(state));
  settleSoon();
}

function settleSoon() {
  clearTimeout(settling);
  settling = setTimeout(settle, SETTLED_MILLISECONDS);
}

/* Once nothing moves: the link, and what a screen reader says. */
function settle() {
  if (playing) return;
  history.replaceState(null, "", writeLink(state, data.runs));
  $("spoken").textContent = views.map((view) => view.say(state)).join(". ");
}

/* Shows the state before the next frame, however often it changes. */
function change(some) {
  state = Object.assign({}, state, some);
  if (!due) requestAnimationFrame(showState);
  due = true;
}

function notice(wrong) {
  $("notice").hidden = !wrong.length;
  $("notice").textContent = wrong.length ? `The link is not quite right: ${wrong.join("; ")}.` : "";
}

const page = {
  seek: (epoch) => pauseAnd(() => change({epoch: epochs[nearest(epoch)]})),
  choose: (some) => change(some),
  settle: settleSoon,
  choosePair: (a, b) => change({a, b}),
  toggle: (k) =>
      change({off: state.off.includes(k) ? state.off.filter((l) => l !== k) : [...state.off, k]})
};

/* The place of the frame next to an epoch. */
function nearest(epoch) {
  return d3.scan(epochs, (x, y) => Math.abs(x - epoch) - Math.abs(y - epoch));
}

/* ---- the views ---- */

async function runOf(number) {
  if (!opened.has(number)) opened.set(number, await openRun(data.runs[number]));
  return opened.get(number);
}

/* Makes the views of the state's runs, which share a time axis. */
async function makeViews() {
  const wanted = state.runs, runs = await Promise.all(wanted.map(runOf));
  if (wanted !== state.runs) return; // others have been chosen since
  clearTimeout(settling);
  views.forEach((view) => view.close());
  $("views").replaceChildren();
  epochs = Array.from(new Set(d3.merge(runs.map((run) => run.epochs)))).sort(d3.ascending);
  const last = epochs[epochs.length - 1];
  views = runs.map((run) => makeView(run, runs, page));
  views.forEach((view) => $("views").append(view.section));
  $("views").className = runs.length > 1 ? "pair" : "";
  $("slider").max = epochs.length - 1;
  $("run").value = state.runs[0];
  $("beside").value = state.runs.length > 1 ? state.runs[1] : "";
  change({
    epoch: state.epoch === null ? last
                                : epochs[Math.max(0, d3.bisectRight(epochs, state.epoch) - 1)]
  });
}

/* The state that the link has. */
async function followLink() {
  const {state: linked, wrong} = readLink(location.hash, data.runs);
  state = linked;
  notice(wrong);
  await makeViews();
}

/* Other runs; what is chosen stays where they have it. */
function chooseRuns() {
  const runs = [$("run").value, $("beside").value].filter((value) => value !== "").map(Number);
  const other = Object.assign({}, state, {runs: Array.from(new Set(runs))});
  state = readLink(writeLink(other, data.runs), data.runs).state;
  makeViews();
}

/* ---- time ---- */

function step(by) {
  const place = d3.bisectRight(epochs, state.epoch) - 1 + by;
  change({epoch: epochs[Math.max(0, Math.min(epochs.length - 1, place))]});
}

function pause() {
  clearInterval(playing);
  playing = null;
  $("play").textContent = "Play";
  $("play").setAttribute("aria-pressed", "false");
  change({});
}

function pauseAnd(act) {
  if (playing) pause();
  act();
}

function play() {
  if (playing) return pause();
  if (state.epoch === epochs[epochs.length - 1]) change({epoch: epochs[0]});
  $("play").textContent = "Pause";
  $("play").setAttribute("aria-pressed", "true");
  playing = setInterval(() => {
    step(1);
    if (state.epoch === epochs[epochs.length - 1]) pause();
  }, FRAME_MILLISECONDS);
  return undefined;
}

/* ---- keys ---- */

/* The next of the numbers that all runs shown have. */
function next(name, by) {
  const n = Math.min(...views.map((view) => view.run[name === "head" ? "heads" : "neurons"]));
  change({[name]: (state[name] + by + n) % n});
}

function toggleNth(n) {
  const keys = Array.from(new Set(d3.merge(views.map((view) => view.run.keys)))).sort(d3.ascending);
  if (n <= keys.length) page.toggle(keys[n - 1]);
}

const KEYS = {
  " ": play,
  "ArrowLeft": () => pauseAnd(() => step(-1)),
  "ArrowRight": () => pauseAnd(() => step(1)),
  "Home": () => pauseAnd(() => step(-Infinity)),
  "End": () => pauseAnd(() => step(Infinity)),
  "h": () => next("head", 1),
  "H": () => next("head", -1),
  "n": () => next("neuron", 1),
  "N": () => next("neuron", -1),
  "0": () => change({off: []}),
  "?": () => { $("help").open = !$("help").open; }
};

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.matches("input, select"))
    return;
  if (event.key === " " && event.target.matches("button, summary")) return;
  const act =
      KEYS[event.key] || (/^[1-9]$/.test(event.key) ? () => toggleNth(Number(event.key)) : null);
  if (!act) return;
  event.preventDefault();
  act();
}

/* ---- start ---- */

function fillChoices() {
  const options = (select, first) => {
    for (const [value, text] of [...first, ...data.runs.map((run, number) => [number, run.name])]) {
      const option = document.createElement("option");
      option.value = value;
      option.textContent = text;
      select.append(option);
    }
    select.addEventListener("change", chooseRuns);
  };
  options($("run"), []);
  options($("beside"), [["", "nothing"]]);
}

fillChoices();
$("play").addEventListener("click", play);
$("slider").addEventListener(
    "input", () => pauseAnd(() => change({epoch: epochs[Number($("slider").value)]})));
document.addEventListener("keydown", onKey);
window.addEventListener("hashchange", followLink);
followLink().catch((error) => {
  $("waiting").textContent = `This browser cannot show the page: ${error.message}`;
});
