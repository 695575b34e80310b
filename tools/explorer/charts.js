// Charts of D3. Each is drawn once for a run and then only told what moves: a chart is an object
// with `move`.
"use strict";

const WIDTH = 360, HEIGHT = 236, MARGIN = {
  top: 8,
  right: 8,
  bottom: 34,
  left: 46
};
const COLORS = data.colors.names;

/* Three significant digits, or as many as whole numbers have. */
function show(x) {
  if (x === null || x === undefined || !isFinite(x)) return "–";
  const size = Math.abs(x);
  if (size >= 1e5 || (size > 0 && size < 1e-3)) return x.toExponential(2);
  return size >= 1000 ? x.toFixed(0) : x.toPrecision(3);
}

function frameOf(figure, label) {
  const svg = d3.select(figure).append("svg").attr("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  return svg.attr("role", "img").attr("aria-label", label);
}

/* Ticks: 0.5, 200, 3k. */
function tick(value) {
  return Math.abs(value) < 1000 ? String(value) : d3.format("~s")(value);
}

/* Powers of ten, five or so, for a logarithmic axis. */
function powers([low, high]) {
  const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
  return d3.range(first, last + 1, Math.ceil((last - first + 1) / 6)).map((power) => 10 ** power);
}

function axes(svg, x, y, xLabel, yLabel, isLog) {
  svg.append("g")
      .attr("class", "axis")
      .attr("transform", `translate(0,${HEIGHT - MARGIN.bottom})`)
      .call(d3.axisBottom(x).ticks(6).tickFormat(tick).tickSizeOuter(0));
  const left = d3.axisLeft(y)
                   .ticks(5)
                   .tickValues(isLog ? powers(y.domain()) : null)
                   .tickFormat(isLog ? d3.format(".0e") : tick)
                   .tickSize(-(WIDTH - MARGIN.left - MARGIN.right));
  const drawn = svg.append("g")
                    .attr("class", "axis")
                    .attr("transform", `translate(${MARGIN.left},0)`)
                    .call(left);
  drawn.select(".domain").remove();
  svg.append("text")
      .attr("x", (WIDTH + MARGIN.left) / 2)
      .attr("y", HEIGHT - 4)
      .attr("text-anchor", "middle")
      .text(xLabel);
  svg.append("text")
      .attr("transform", `translate(11,${(HEIGHT - MARGIN.bottom) / 2}) rotate(-90)`)
      .attr("text-anchor", "middle")
      .text(yLabel);
}

function shadePhases(svg, run, x) {
  const shades = svg.append("g").selectAll("rect").data(phasesOf(run)).enter().append("rect");
  shades.attr("class", (phase) => `phase phase-${phase.number}`)
      .attr("x", (phase) => x(phase.start))
      .attr("y", MARGIN.top);
  shades.attr("width", (phase) => Math.max(0, x(phase.end) - x(phase.start)));
  shades.attr("height", HEIGHT - MARGIN.top - MARGIN.bottom);
  shades.attr("fill", (phase) => data.colors.phases[phase.number]);
  shades.append("title").text((phase) => PHASES[phase.number]);
}

/* Numbers of a run over epochs, with phases and a cursor. lines: [{label, table, column, color,
   dash}], tables of the run; a line without a colour is only a value. y: {label, log, from, to}.
   All the runs that are shown have the same axes. Dragging calls seek(epoch). The list of values
   names each line and says what it is at the cursor. */
function timeChart(figure, run, runs, lines, y, seek) {
  const drawn = lines.filter((line) => line.color),
        last = d3.max(runs, (each) => d3.max(each.epochs));
  const svg = frameOf(figure, `${drawn.map((line) => line.label).join(", ")} over epochs`)
                  .classed("time", true);
  const x = d3.scaleLinear([0, last], [MARGIN.left, WIDTH - MARGIN.right]);
  const drawable = (value) => value !== null && (!y.log || value > 0);
  const values = d3.merge(
      d3.cross(runs, drawn, (each, line) => each[line.table][line.column].filter(drawable)));
  const least = y.from === undefined ? d3.min(values) : y.from;
  const scale = y.log ? d3.scaleLog() : d3.scaleLinear();
  scale.domain([least, y.to || d3.max(values)]).range([HEIGHT - MARGIN.bottom, MARGIN.top]).nice(5);
  shadePhases(svg, run, x);
  axes(svg, x, scale, "Epoch", y.label, y.log);
  for (const line of drawn) {
    const {epoch} = run[line.table], column = run[line.table][line.column];
    const path = d3.line().x((_, i) => x(epoch[i])).y(scale).defined(drawable);
    svg.append("path")
        .attr("fill", "none")
        .attr("d", path(column))
        .attr("stroke-width", 1.6)
        .attr("class", line.color)
        .attr("stroke", COLORS[line.color])
        .attr("stroke-dasharray", line.dash || null);
  }
  const cursor = svg.append("line")
                     .attr("class", "cursor")
                     .attr("y1", MARGIN.top)
                     .attr("y2", HEIGHT - MARGIN.bottom);
  const seekHere = () => seek(Math.round(x.invert(d3.mouse(svg.node())[0])));
  svg.call(d3.drag().container(svg.node()).on("start drag", seekHere));
  const list = d3.select(figure).append("ul").attr("class", "values");
  const items = list.selectAll("li").data(lines).enter().append("li");
  items.filter((line) => line.color)
      .append("span")
      .attr("class", "swatch")
      .style("border-top-style", (line) => line.dash ? "dashed" : "solid")
      .style("border-color", (line) => line.color === "black" ? "var(--ink)" : COLORS[line.color]);
  items.append("span").text((line) => line.label + " ");
  items.append("b").attr("data-value", (line) => line.column);
  return {
    move(epoch, row) {
      cursor.attr("x1", x(epoch)).attr("x2", x(epoch));
      items.select("b").text((line) => show(run.measures[line.column][row]));
    }
  };
}

/* Norms of the components of a matrix by frequency: part 0 is W_E, 1 W_L. */
function spectrumChart(figure, run, part) {
  const p = run.p, n = Math.floor(p / 2);
  const svg = frameOf(figure, "Norms by frequency");
  const ofPart = (frame, i) => run.spectra[(2 * frame + part) * p + i];
  let largest = 0;
  for (let frame = 0; frame < run.epochs.length; frame++)
    for (let i = 0; i < p; i++) largest = Math.max(largest, ofPart(frame, i) || 0);
  const x = d3.scaleLinear([-0.5, n + 0.5], [MARGIN.left, WIDTH - MARGIN.right]);
  const y = d3.scaleLinear([0, largest], [HEIGHT - MARGIN.bottom, MARGIN.top]).nice(5);
  const wide = Math.max(1, 0.8 * (x(1) - x(0)));
  axes(svg, x, y, "Frequency k", "Norm");
  const cos = svg.append("path").attr("fill", COLORS.blue);
  const sin = svg.append("path").attr("fill", COLORS.orange).attr("opacity", 0.6);
  const bars = (frame, at) => {
    let path = "";
    for (let k = 0; k <= n; k++) {
      const norm = ofPart(frame, at(k));
      if (norm > 0) path += `M${x(k) - wide / 2},${y(0)}V${y(norm)}h${wide}V${y(0)}Z`;
    }
    return path;
  };
  const cosAt = (k) => k ? 2 * k - 1 : 0, sinAt = (k) => k && 2 * k < p ? 2 * k : -1;
  const values = d3.select(figure).append("ul").attr("class", "values");
  for (const [name, color] of [["cos", COLORS.blue], ["sin", COLORS.orange]]) {
    const entry = values.append("li");
    entry.append("span").attr("class", "swatch").style("border-color", color);
    entry.append("span").text(name);
  }
  const items = values.selectAll(".norm").data(run.keys).enter().append("li").attr("class", "norm");
  items.append("span").text((k) => `k = ${k}: `);
  items.append("b").attr("data-key", (k) => k);
  if (!run.keys.length) values.append("li").text("No key frequencies");
  return {
    move(frame) {
      cos.attr("d", bars(frame, cosAt));
      sin.attr("d", bars(frame, (k) => sinAt(k) < 0 ? p : sinAt(k)));
      items.select("b").text(
          (k) => `${show(ofPart(frame, cosAt(k)))}, ${show(ofPart(frame, sinAt(k)))}`);
    }
  };
}

/* A circle for each key frequency: where the embedding puts the tokens. */
function circleCharts(figure, run) {
  const p = run.p, size = 110, dot = Math.max(1, 2.4 - p / 100);
  const at = (frame, key, axis, token) =>
      run.circles[((frame * run.keys.length + key) * 2 + axis) * p + token];
  const scale = d3.scaleLinear([-1, 1], [8, size - 8]).domain([
    -1, 1
  ].map((side) => side * (d3.max(run.circles, Math.abs) || 1)));
  const box = d3.select(figure).append("div").attr("class", "circles");
  box.classed("many", run.keys.length > 4);
  const svgs = box.selectAll("svg").data(run.keys).enter().append("svg");
  svgs.attr("viewBox", `0 0 ${size} ${size}`)
      .attr("role", "img")
      .attr("aria-label", (k) => `Tokens at k = ${k}`);
  svgs.append("path")
      .attr("class", "axis")
      .attr("stroke", "var(--line)")
      .attr("d", `M${size / 2},4V${size - 4}M4,${size / 2}H${size - 4}`);
  svgs.append("path").attr("class", "neighbours");
  svgs.append("path").attr("class", "tokens");
  svgs.append("text").attr("x", 4).attr("y", 12).text((k) => `k = ${k}`);
  const orders = run.keys.map((k) => d3.range(p).sort((x, y) => ((k * x) % p) - ((k * y) % p)));
  const round = (key, frame) => {
    const radii = d3.range(p).map((x) => Math.hypot(at(frame, key, 0, x), at(frame, key, 1, x)));
    return [d3.mean(radii), d3.deviation(radii) / d3.mean(radii)];
  };
  const values = d3.select(figure).append("p").attr("class", "values");
  return {
    move(frame) {
      const place = (key, x) => [scale(at(frame, key, 0, x)), scale(-at(frame, key, 1, x))];
      svgs.select(".neighbours")
          .attr("d", (_, key) => d3.line()(orders[key].map((x) => place(key, x))) + "Z");
      svgs.select(".tokens").attr("d", (_, key) =>
                                           d3.range(p)
                                               .map((token) => {
                                                 const [x, y] = place(key, token);
                                                 return `M${x - dot},${y}a${dot},${dot} 0 1 0 ${
                                                     2 * dot},0a${dot},${dot} 0 1 0 ${- 2 * dot},0`;
                                               })
                                               .join(""));
      values.text(run.keys
                      .map((k, key) => {
                        const [radius, spread] = round(key, frame);
                        return `k = ${k}: radius ${show(radius)} ± ${show(100 * spread)} %`;
                      })
                      .join("; ") ||
                  "No key frequencies, so no circles.");
    }
  };
}

/* A function of a pair (a to the right, b upwards) in colours. choose(x, y), if any, is called
   where it is clicked or moved to by arrow keys. */
function mapChart(figure, p, colors, label, names, choose) {
  const box = d3.select(figure).append("div").attr("class", "map");
  const plane = box.append("div").attr("class", "plane");
  const canvas = plane.append("canvas")
                     .attr("width", p)
                     .attr("height", p)
                     .attr("role", "img")
                     .attr("aria-label", label);
  const mark = plane.append("div").attr("class", "mark").attr("hidden", choose ? null : "");
  for (const axis of ["x", "y"]) {
    const ticks = box.append("div").attr("class", axis).attr("aria-hidden", "true");
    ticks.selectAll("span").data([0, names[axis], p - 1]).enter().append("span").text(String);
  }
  const bar = d3.select(figure).append("div").attr("class", "bar");
  const low = bar.append("span"), strip = bar.append("i"), high = bar.append("span");
  strip.style("background",
              `linear-gradient(to right, ${colors.filter((_, i) => i % 15 === 0).join(",")})`);
  const context = canvas.node().getContext("2d"), image = context.createImageData(p, p);
  const pixels = new Uint32Array(image.data.buffer); // red is the lowest byte
  const palette = colors.map((color) => d3.rgb(color))
                      .map(({r, g, b}) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0);
  let chosen = [0, 0];
  if (choose) {
    const here = () => {
      const [x, y] = d3.mouse(canvas.node()), side = canvas.node().clientWidth / p;
      const cell = (z) => Math.min(p - 1, Math.max(0, Math.floor(z / side)));
      choose(cell(x), p - 1 - cell(y));
    };
    canvas.call(d3.drag().container(canvas.node()).on("start drag", here));
    canvas.attr("tabindex", 0).attr("role", "application").on("keydown", () => {
      const step = {ArrowLeft: [-1, 0],
                    ArrowRight: [1, 0],
                    ArrowUp: [0, 1],
                    ArrowDown: [0, -1]}[d3.event.key];
      if (!step) return;
      d3.event.preventDefault();
      d3.event.stopPropagation();
      choose((chosen[0] + step[0] + p) % p, (chosen[1] + step[1] + p) % p);
    });
  }
  return {
    canvas,
    /* share(a, b): 0 to 1, along the colours; from and to: what its ends mean. */
    draw(share, from, to) {
      for (let a = 0; a < p; a++)
        for (let b = 0; b < p; b++)
          pixels[(p - 1 - b) * p + a] =
              palette[Math.max(0, Math.min(255, Math.round(255 * share(a, b))))];
      context.putImageData(image, 0, 0);
      low.text(from);
      high.text(to);
    },
    mark(a, b) {
      chosen = [a, b];
      mark.style("left", `calc(${100 * a / p}% - 2px)`)
          .style("top", `calc(${100 * (p - 1 - b) / p}% - 2px)`);
      mark.style("width", `calc(${100 / p}% + 4px)`).style("height", `calc(${100 / p}% + 4px)`);
    }
  };
}

/* The logits of a pair, about their mean, and the sum of cosines. The axis grows when something
 * would not fit. */
function logitChart(figure, run) {
  const p = run.p, svg = frameOf(figure, "Logits of the pair, and the sum of cosines");
  const x = d3.scaleLinear([-0.5, p - 0.5], [MARGIN.left, WIDTH - MARGIN.right]);
  const y = d3.scaleLinear([0, 0], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const ground = svg.append("g");
  const answer = svg.append("line")
                     .attr("class", "answer")
                     .attr("y1", MARGIN.top)
                     .attr("y2", HEIGHT - MARGIN.bottom);
  const wave = svg.append("path").attr("class", "wave"),
        dots = svg.append("path").attr("class", "dots");
  const values = d3.select(figure).append("ul").attr("class", "values");
  const entry = (color, label, name) => {
    const item = values.append("li");
    item.append("span").attr("class", "swatch").style("border-color", color);
    item.append("span").text(label + " ");
    return item.append("b").attr("data-value", name);
  };
  const ofLogits = entry("var(--ink)", "Logits, largest at", "largest");
  const ofWave = entry("var(--wave)", "Sum of cosines, largest at", "cosines");
  const ofAnswer = entry(COLORS.green, "Right answer", "answer");
  const steps = d3.range(0, p - 1 + 1e-9, 0.125);

  function makeRoom(most) {
    if (most <= y.domain()[1]) return;
    y.domain([-most, most]).nice(5);
    ground.selectAll("*").remove();
    axes(ground, x, y, "Output c", "Logit about the mean");
  }

  return {
    /* logits[p] about their mean; cosines(d): the sum d outputs away from the answer s. */
    move(logits, cosines, s) {
      makeRoom(
          Math.max(1e-3, d3.max(logits, Math.abs), d3.max(steps, (c) => Math.abs(cosines(c)))));
      const dot = (logit, c) => `M${x(c) - 2},${y(logit)}a2,2 0 1 0 4,0a2,2 0 1 0 -4,0`;
      answer.attr("x1", x(s)).attr("x2", x(s));
      wave.attr("d", d3.line().x(x).y((c) => y(cosines(s - c)))(steps));
      dots.attr("d", Array.from(logits, dot).join(""));
      const largest = logits.indexOf(d3.max(logits));
      ofLogits.text(`c = ${largest} (${show(logits[largest])})`);
      const sums = d3.range(p).map((c) => cosines(s - c)), highest = sums.indexOf(d3.max(sums));
      ofWave.text(`c = ${highest} (${show(sums[highest])})`);
      ofAnswer.text(`c = ${s}`);
    }
  };
}
