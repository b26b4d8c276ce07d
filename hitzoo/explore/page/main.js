// The page: what is chosen, the picture of it, and how to make it again.

import { command, latentName } from "./command.js";
import { mixedRow, mixture, withClass } from "./latents.js";
import { npyOf, save } from "./npy.js";
import { Pad } from "./pad.js";
import { View } from "./view.js";

const PREVIEW = 256; // pixels a side of what is shown during a movement, where the model can stop there
const PAUSE = 250; // ms after the last movement before the stages are made

const $ = (id) => document.getElementById(id);
const state = { seeds: [3, 14, 15, 92], truncation: 1, chosen: null };
let about, backend, pad, view;
let shown = null; // the newest picture with what it is of

start().catch(fail);

async function start() {
  about = await (await fetch("about.json")).json();
  document.title = `${about.name} · hitzoo explore`;
  $("name").textContent = about.label;
  readAddress();
  view = new View($("view"), $("canvas"), about, () => refresh(false));
  pad = new Pad($("pad"), $("handle"), refresh);
  pad.set(state.place ?? [0, 0]);
  setUp();
  const module = about.backend === "local" ? "./local.js" : "./static.js";
  backend = await (await import(module)).open(about, say);
  const side = `${about.resolution}×${about.resolution}`;
  $("facts").textContent = `${about.family} · ${side} · computed by ${backend.name} · hitzoo ${about.hitzoo}`;
  $("stages").hidden = !about.stages || !backend.stages;
  await thumbnails();
  refresh(false);
}

function setUp() {
  state.seeds.forEach((seed, corner) => {
    const input = $(`seed-${corner}`);
    input.value = seed;
    input.addEventListener("change", () => {
      const number = Number(input.value);
      if (input.value !== "" && Number.isInteger(number) && input.validity.valid) state.seeds[corner] = number;
      input.value = state.seeds[corner];
      thumbnails();
      refresh(false);
    });
  });
  $("shuffle").addEventListener("click", () => {
    state.seeds = state.seeds.map(() => Math.floor(Math.random() * 10000));
    state.seeds.forEach((seed, corner) => ($(`seed-${corner}`).value = seed));
    thumbnails();
    refresh(false);
  });
  const slider = $("truncation");
  slider.value = state.truncation;
  slider.addEventListener("input", () => setTruncation(true));
  slider.addEventListener("change", () => {
    setTruncation(false);
    thumbnails();
  });
  $("truncation-value").textContent = slider.value;
  setUpClasses();
  $("zoom-in").addEventListener("click", () => view.zoom(2));
  $("zoom-out").addEventListener("click", () => view.zoom(0.5));
  $("zoom-all").addEventListener("click", () => view.all());
  $("save-picture").addEventListener("click", savePicture);
  $("save-latent").addEventListener("click", () => save(npyOf(shown.row), latentName(shown.row)));
  $("copy").addEventListener("click", copy);
}

function setTruncation(dragging) {
  state.truncation = Number($("truncation").value);
  $("truncation-value").textContent = $("truncation").value;
  refresh(dragging);
}

function setUpClasses() {
  const port = about.ports.find((each) => each.kind === "class");
  if (!port) return;
  $("class-row").hidden = false;
  $("class").append(...port.numbers.map((_, number) => new Option(number, number)));
  $("class").value = state.chosen ?? "";
  $("class").addEventListener("change", () => {
    state.chosen = $("class").value === "" ? null : Number($("class").value);
    thumbnails();
    refresh(false);
  });
}

/** What is chosen now, as the backend takes it. */
function wanted(dragging) {
  const parts = mixture(state.seeds, pad.place);
  const row = withClass(mixedRow(parts, about.ports, about.width), about.ports, state.chosen);
  const part = view.part;
  const coarse = about.levels.filter((level) => level <= PREVIEW).at(-1);
  return {
    row,
    seed: parts.size === 1 ? [...parts.keys()][0] : null,
    truncation: state.truncation,
    part: part && about.pixelwise && backend.parts !== false ? { ...part, any_size: about.any_size } : null,
    crop: part && !(about.pixelwise && backend.parts !== false) ? part.region : null,
    level: dragging && !part && about.resolution > PREVIEW && backend.parts !== false ? coarse : undefined,
    chosen: state.chosen,
  };
}

// One picture at a time: what came meanwhile is left out but for the last.
let busy = false;
let next = null;
let later = 0;

function refresh(dragging) {
  $("zoom").textContent = `${view.scale}×`;
  next = { dragging, since: performance.now() };
  clearTimeout(later);
  if (!busy) work();
}

async function work() {
  busy = true;
  try {
    while (next) {
      const { dragging, since } = next;
      next = null;
      const asked = wanted(dragging);
      const made = await backend.image(asked);
      view.show(made.picture, asked.crop);
      shown = { ...asked, ...made };
      const ms = Math.round(performance.now() - since);
      say(`${ms} ms`);
      describe(asked);
      document.body.dataset.ms = ms;
      document.body.dataset.pictures = Number(document.body.dataset.pictures ?? 0) + 1;
    }
    document.body.dataset.state = "ready";
  } catch (error) {
    fail(error);
  }
  busy = false;
  if (next) work();
  else later = setTimeout(showStages, PAUSE);
}

function describe(asked) {
  const [x, y] = pad.place.map((part) => Math.round(100 * part));
  const of = asked.seed === null ? `mixture of seeds ${state.seeds.join(", ")} at ${x} %, ${y} %` : `seed ${asked.seed}`;
  $("canvas").setAttribute("aria-label", `Picture of ${of}`);
  $("command").textContent = command(about, asked);
  const latent = asked.seed === null ? ", with the latent saved beside it" : "";
  $("command-hint").textContent = `This makes ${asked.crop || (asked.part && asked.seed === null) ? "the whole picture" : "it"} again${latent}:`;
  writeAddress();
}

function savePicture() {
  const of = shown.seed === null ? latentName(shown.row).replace(".npy", "") : `seed${String(shown.seed).padStart(4, "0")}`;
  const name = `${about.label}-${of}.png`;
  if (shown.blob && !shown.crop) save(shown.blob, name);
  else $("canvas").toBlob((blob) => save(blob, name));
}

async function copy() {
  try {
    await navigator.clipboard.writeText($("command").textContent);
    say("Copied.");
  } catch {
    getSelection().selectAllChildren($("command"));
    say("Selected: copy it with the keyboard.");
  }
}

async function thumbnails() {
  for (const canvas of document.querySelectorAll(".thumb")) {
    const seed = state.seeds[canvas.dataset.corner];
    const row = withClass(mixedRow(new Map([[seed, 1]]), about.ports, about.width), about.ports, state.chosen);
    const small = about.resolution <= PREVIEW || backend.parts === false;
    const level = small ? undefined : about.levels.filter((each) => each <= PREVIEW).at(-1);
    try {
      const { picture } = await backend.image({ row, seed, truncation: state.truncation, part: null, level });
      canvas.width = picture.width;
      canvas.height = picture.height;
      canvas.getContext("2d").drawImage(picture, 0, 0);
    } catch (error) {
      fail(error);
      return;
    }
  }
}

async function showStages() {
  if ($("stages").hidden) return;
  const of = shown;
  const found = await backend.stages(of).catch(fail);
  if (!found || of !== shown) return;
  const items = found.map(({ side, image, added }) => {
    const item = document.createElement("li");
    const words = document.createElement("span");
    words.textContent = `${side}×${side}`;
    item.append(pictured(image, `So far, at ${side}×${side}`), pictured(added, `Added at ${side}×${side}`), words);
    return item;
  });
  $("stage-list").replaceChildren(...items);
}

function pictured(address, words) {
  const image = new Image();
  image.alt = words;
  image.src = address;
  return image;
}

function readAddress() {
  const found = new URLSearchParams(location.hash.slice(1));
  const seeds = (found.get("seeds") ?? "").split(",").map(Number);
  if (seeds.length === 4 && seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) state.seeds = seeds;
  const place = (found.get("at") ?? "").split(",").map(Number);
  if (place.length === 2 && place.every((part) => part >= 0 && part <= 1)) state.place = place;
  const truncation = Number(found.get("truncation"));
  if (truncation >= 0.05 && truncation <= 1.5) state.truncation = truncation;
  const port = about.ports.find((each) => each.kind === "class");
  if (port && found.has("class") && Number(found.get("class")) in port.numbers) state.chosen = Number(found.get("class"));
}

function writeAddress() {
  const words = [`seeds=${state.seeds}`, `at=${pad.place.map((part) => Number(part.toFixed(4)))}`];
  if (state.truncation !== 1) words.push(`truncation=${state.truncation}`);
  if (state.chosen !== null) words.push(`class=${state.chosen}`);
  history.replaceState(null, "", `#${words.join("&")}`);
}

function say(words) {
  $("status").textContent = words;
}

function fail(error) {
  document.body.dataset.state = "failed";
  say(error.message);
}
