// The network, beside the page so that it stays quick: on WebGPU where that makes the right picture, else WebAssembly.

import { rowOfSeed, truncated } from "./latents.js";

const CLOSE = 1; // mean difference of bytes that is allowed on WebGPU
let ort, session, about;

self.onmessage = async ({ data }) => {
  try {
    if (data.about) self.postMessage({ id: data.id, provider: await open(data.about) });
    else {
      const pixels = await pixelsOf(data.row, data.truncation);
      self.postMessage({ id: data.id, pixels }, [pixels.buffer]);
    }
  } catch (error) {
    self.postMessage({ id: data.id, error: `The network cannot be run in this browser: ${error.message}` });
  }
};

async function open(model) {
  about = model;
  say("Loading the network…");
  const answer = await fetch("model.onnx");
  if (!answer.ok) throw new Error(`model.onnx cannot be read (${answer.status}).`);
  const network = new Uint8Array(await answer.arrayBuffer());
  if (await self.navigator.gpu?.requestAdapter().catch(() => null)) {
    try {
      await load("ort.webgpu.min.js", "asyncify.", "webgpu", network);
      if (await agrees()) return "WebGPU";
    } catch {
      // a driver that lacks something; WebAssembly needs none
    }
  }
  await load("ort.wasm.min.js", "", "wasm", network);
  return "WebAssembly";
}

async function load(module, kind, provider, network) {
  say(`Loading the runtime (${provider})…`);
  const at = (name) => new URL(`runtime/${name}`, self.location.href).href;
  ort = await import(at(module));
  ort.env.wasm.numThreads = 1; // more need headers that a plain file server does not send
  ort.env.wasm.wasmPaths = { mjs: at(`ort-wasm-simd-threaded.${kind}js`), wasm: at(`ort-wasm-simd-threaded.${kind}wasm`) };
  session = await ort.InferenceSession.create(network, { executionProviders: [provider] });
}

/** Compare the picture of seed 0 with what Python made of it. */
async function agrees() {
  const pixels = await pixelsOf(rowOfSeed(0, about.width), 1);
  const { places, bytes } = about.check;
  const made = places.map((place) => {
    const [pixel, channel] = [Math.floor(place / about.channels), place % about.channels];
    return pixels[4 * pixel + channel];
  });
  return made.reduce((sum, byte, index) => sum + Math.abs(byte - bytes[index]), 0) / made.length <= CLOSE;
}

/** The image of a row as RGBA, clipped and rounded as hitzoo writes pictures. */
async function pixelsOf(row, truncation) {
  const styles = about.truncation === "styles";
  const latents = styles || truncation === 1 ? row : truncated(row, about.ports, truncation);
  const inputs = { latents: new ort.Tensor("float32", latents, [1, about.width]) };
  if (styles) inputs.truncation = new ort.Tensor("float32", Float32Array.of(truncation), []);
  const { images } = await session.run(inputs);
  const numbers = images.data;
  const count = about.resolution ** 2;
  const pixels = new Uint8ClampedArray(4 * count).fill(255); // it rounds to nearest, halves to even, as NumPy does
  for (let pixel = 0; pixel < count; pixel++) {
    for (let place = 0; place < (about.channels === 4 ? 4 : 3); place++) {
      const channel = about.channels === 1 ? 0 : place;
      pixels[4 * pixel + place] = Math.fround(Math.fround(numbers[channel * count + pixel] + 1) * 127.5);
    }
  }
  images.dispose?.();
  return pixels;
}

function say(words) {
  self.postMessage({ words });
}
