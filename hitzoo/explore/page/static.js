// Pictures from the network in this browser.

let worker;
let about;
const waiting = new Map();
let asked = 0;

export async function open(model, say) {
  about = model;
  worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => (data.words ? say(data.words) : settle(data));
  worker.onerror = () => waiting.forEach((_, id) => settle({ id, error: "The network cannot be run in this browser." }));
  const { provider } = await ask({ about });
  return { name: `this browser, ${provider}`, image, parts: false };
}

async function image({ row, truncation }) {
  const { pixels } = await ask({ row, truncation });
  const picture = new ImageData(pixels, about.resolution, about.resolution);
  return { picture: await createImageBitmap(picture) };
}

function ask(message) {
  const id = asked++;
  worker.postMessage({ id, ...message });
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

function settle({ id, error, ...answer }) {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  if (error) reject(new Error(error));
  else resolve(answer);
}
