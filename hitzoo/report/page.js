"use strict";
// Everything is in the page already, and readable without this script: it moves a cursor through the plots, whose
// values it reads out of their drawings, and shows one grid of samples after another.
(() => {
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const one = (id) => document.getElementById(id);
  const whole = (value) => Math.round(value).toLocaleString("en-US");
  const short = (value) => (Math.abs(value) >= 1000 ? whole(value) : String(Number(value.toPrecision(3))));
  const points = (path) =>
    [...path.getAttribute("d").matchAll(/[ML] (-?[\d.]+) (-?[\d.]+)/g)].map((found) => [+found[1], +found[2]]);
  const svgElement = (name, kind) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    made.setAttribute("class", kind);
    return made;
  };

  // A plot: where its lines run, what is written beside it, and where its cursor stands.
  const read = (figure) => {
    const svg = figure.querySelector("svg");
    const [x0, x1, y0, y1] = svg.dataset.data.split(" ").map(Number);
    const [left, right, bottom, top] = svg.dataset.frame.split(" ").map(Number);
    const logarithmic = "log" in svg.dataset;
    const [low, high] = logarithmic ? [Math.log10(y0), Math.log10(y1)] : [y0, y1];
    const value = (y) => {
      const found = low + ((bottom - y) / (bottom - top)) * (high - low);
      return logarithmic ? 10 ** found : found;
    };
    const cursor = svg.appendChild(svgElement("line", "cursor"));
    cursor.setAttribute("y1", top);
    cursor.setAttribute("y2", bottom);
    const runs = figure.dataset.runs.split(" ");
    const lines = all("g.line", svg).map((drawn) => {
      const place = drawn.dataset.line;
      const band = svg.querySelector(`g.band[data-line="${place}"]`);
      const item = figure.querySelector(`li[data-line="${place}"]`);
      const dot = svg.appendChild(svgElement("circle", "dot"));
      dot.setAttribute("r", 3.2);
      dot.style.fill = `var(--run-${runs[place] % 6})`;
      const output = item.querySelector("output");
      return {
        run: runs[place], parts: [drawn, band, item, dot].filter(Boolean), dot, output, last: output.textContent,
        points: points(drawn.querySelector("path")), edge: band ? points(band.querySelector("path")) : [],
      };
    });
    return {
      svg, lines, cursor, value, until: x1 / 1.01,
      x: (images) => left + ((images - x0) / (x1 - x0)) * (right - left),
      images: (x) => x0 + ((x - left) / (right - left)) * (x1 - x0),
    };
  };
  const plots = all(".plot").map(read);
  const until = plots.length ? plots[0].until : 1;

  const showLine = (plot, line, x) => {
    if (x === null) {
      line.output.textContent = line.last;
      line.dot.setAttribute("visibility", "hidden");
      return;
    }
    let place = 0;
    line.points.forEach((point, index) => {
      if (Math.abs(point[0] - x) < Math.abs(line.points[place][0] - x)) place = index;
    });
    const [px, py] = line.points[place];
    const beyond = Math.abs(px - x) > 12 && (place === 0 || place === line.points.length - 1);
    line.dot.setAttribute("visibility", beyond ? "hidden" : "visible");
    line.dot.setAttribute("cx", px);
    line.dot.setAttribute("cy", py);
    let words = short(plot.value(py));
    if (line.edge.length === 2 * line.points.length) {
      const [least, largest] = [line.edge[place][1], line.edge[line.edge.length - 1 - place][1]];
      if (least - largest > 0.05) words += ` (${short(plot.value(least))} to ${short(plot.value(largest))})`;
    }
    line.output.textContent = beyond ? "–" : words;
  };

  const slider = one("cursor");
  const moveCursor = (images) => {
    const end = images === null;
    const words = end ? "the end" : `${whole(images)} images`;
    one("cursor-at").textContent = words;
    slider.setAttribute("aria-valuetext", words);
    for (const plot of plots) {
      const x = end ? null : plot.x(images);
      plot.cursor.setAttribute("visibility", end ? "hidden" : "visible");
      if (!end) for (const side of ["x1", "x2"]) plot.cursor.setAttribute(side, x);
      for (const line of plot.lines) showLine(plot, line, x);
    }
  };
  const bySlider = () => moveCursor(+slider.value >= +slider.max ? null : (slider.value / slider.max) * until);
  slider.addEventListener("input", bySlider);
  for (const plot of plots) {
    const byPointer = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(plot.svg.getScreenCTM().inverse());
      const images = Math.min(Math.max(plot.images(at.x), 0), until);
      slider.value = Math.round((images / until) * slider.max);
      moveCursor(images);
    };
    plot.svg.addEventListener("pointermove", byPointer);
    plot.svg.addEventListener("pointerdown", byPointer);
  }

  // Grids: the times of all runs in order; each run shows its newest grid of that time.
  const grids = all(".run-grids").map((run) => all(".frame", run).map((frame) => [+frame.dataset.images, frame]));
  const times = [...new Set(grids.flat().map(([images]) => images))].sort((a, b) => a - b);
  const gridSlider = one("grid-slider");
  const moveGrids = () => {
    const time = times[gridSlider.value];
    for (const frames of grids) {
      const reached = Math.max(0, frames.filter(([images]) => images <= time).length - 1);
      frames.forEach(([, frame], place) => { frame.hidden = place !== reached; });
    }
    const shown = all(".frame:not([hidden]) figcaption")[0];
    const words = grids.length === 1 && shown ? shown.textContent : `${whole(time)} images`;
    one("grid-step").textContent = words;
    gridSlider.setAttribute("aria-valuetext", words);
  };
  let playing = 0;
  const stop = () => {
    clearInterval(playing);
    playing = 0;
    one("play").textContent = "Play";
    one("play").setAttribute("aria-pressed", "false");
  };
  if (gridSlider) {
    gridSlider.max = times.length - 1;
    gridSlider.value = times.length - 1;
    gridSlider.addEventListener("input", () => { stop(); moveGrids(); });
    one("play").addEventListener("click", () => {
      if (playing) { stop(); return; }
      if (+gridSlider.value === times.length - 1) gridSlider.value = 0;
      one("play").textContent = "Stop";
      one("play").setAttribute("aria-pressed", "true");
      moveGrids();
      playing = setInterval(() => {
        gridSlider.value = +gridSlider.value + 1;
        moveGrids();
        if (+gridSlider.value === times.length - 1) stop();
      }, 350);
    });
  }

  const boxes = all("input[data-show]");
  const showRuns = () => {
    const hidden = new Set(boxes.filter((box) => !box.checked).map((box) => box.dataset.show));
    for (const plot of plots) for (const line of plot.lines)
      for (const part of line.parts) part.style.display = hidden.has(line.run) ? "none" : "";
    for (const run of all(".run-grids")) run.hidden = hidden.has(run.dataset.run);
  };
  for (const box of boxes) box.addEventListener("change", showRuns);

  const theme = one("theme");
  const useTheme = () => { document.documentElement.dataset.theme = theme.value; };
  theme.addEventListener("change", () => { useTheme(); keep(); });

  // What a reader has set is there again after the page has loaded itself anew.
  const details = all("details");
  const keep = () => {
    const state = {
      theme: theme.value, cursor: slider.value, boxes: boxes.map((box) => box.checked),
      grid: gridSlider && +gridSlider.value < times.length - 1 ? times[gridSlider.value] : null,
      open: details.map((part) => part.open), y: scrollY, paused: one("pause")?.getAttribute("aria-pressed") === "true",
    };
    try { sessionStorage.setItem("hitzoo-report", JSON.stringify(state)); } catch { /* a page without a store */ }
  };
  const restore = () => {
    let state = null;
    try { state = JSON.parse(sessionStorage.getItem("hitzoo-report")); } catch { /* none */ }
    if (!state) return;
    theme.value = state.theme;
    slider.value = state.cursor;
    if (boxes.length === state.boxes.length) boxes.forEach((box, place) => { box.checked = state.boxes[place]; });
    if (gridSlider && state.grid !== null && times.includes(state.grid)) gridSlider.value = times.indexOf(state.grid);
    if (details.length === state.open.length) details.forEach((part, place) => { part.open = state.open[place]; });
    if (state.paused && one("pause")) pause();
    scrollTo(0, state.y);
  };
  const refresh = +document.body.dataset.refresh;
  let timer = 0;
  const begin = () => { timer = setTimeout(() => { keep(); location.reload(); }, 1000 * refresh); };
  const pause = () => {
    clearTimeout(timer);
    one("pause").textContent = "Go on";
    one("pause").setAttribute("aria-pressed", "true");
    timer = 0;
  };
  if (refresh) {
    begin();
    one("pause").addEventListener("click", () => {
      if (timer) { pause(); return; }
      one("pause").textContent = "Pause";
      one("pause").setAttribute("aria-pressed", "false");
      begin();
    });
  }

  for (const part of all("[data-script]")) part.hidden = false;
  restore();
  useTheme();
  showRuns();
  bySlider();
  if (gridSlider) moveGrids();
})();
