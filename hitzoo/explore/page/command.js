// The command that makes a picture again.

export function command(about, asked) {
  const truncation = asked.truncation === 1 ? "" : ` --truncation ${asked.truncation}`;
  if (asked.seed !== null && asked.part && asked.chosen === null) {
    const size = about.any_size ? ` --size ${asked.part.side}` : "";
    return `hitzoo render --model ${about.model} --seed ${asked.seed} --region ${asked.part.region}${size}${truncation}`;
  }
  const chosen = asked.seed !== null && asked.chosen !== null ? ` --classes ${asked.chosen}` : "";
  const of = asked.seed === null ? `--latents ${latentName(asked.row)}` : `--seeds ${asked.seed}`;
  return `hitzoo sample --model ${about.model} ${of}${chosen}${truncation} --optimized`;
}

/** A name that two latents do not share: FNV-1a of its bytes. */
export function latentName(row) {
  let hash = 2166136261;
  for (const byte of new Uint8Array(row.buffer)) hash = Math.imul(hash ^ byte, 16777619);
  return `latent-${(hash >>> 0).toString(16).padStart(8, "0")}.npy`;
}
