// Pictures from the server on this machine.

export async function open() {
  return { name: "this machine", image, stages };
}

async function image({ row, seed, truncation, part, level }) {
  const wanted = { latent: [...row], truncation };
  if (seed !== null) wanted.seed = seed;
  if (level) wanted.level = level;
  if (part) wanted.region = part.region;
  if (part && part.any_size) wanted.size = part.side;
  const blob = await (await ask("image", wanted)).blob();
  return { picture: await createImageBitmap(blob), blob };
}

async function stages({ row, truncation }) {
  return (await ask("stages", { latent: [...row], truncation })).json();
}

async function ask(name, wanted) {
  const headers = { "Content-Type": "application/json" };
  let answer;
  try {
    answer = await fetch(name, { method: "POST", headers, body: JSON.stringify(wanted) });
  } catch {
    throw new Error("The server has ended. Start hitzoo explore again, then reload this page.");
  }
  if (!answer.ok) throw new Error(await answer.text());
  return answer;
}
