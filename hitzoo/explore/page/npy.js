// NumPy's file format, version 1.0: one row of float32, for `hitzoo sample --latents`.

export function npyOf(row) {
  const words = `{'descr': '<f4', 'fortran_order': False, 'shape': (1, ${row.length}), }`;
  const header = words.padEnd(Math.ceil((words.length + 11) / 64) * 64 - 11) + "\n";
  const bytes = new Uint8Array(10 + header.length + 4 * row.length);
  bytes.set([0x93, ...[..."NUMPY"].map((letter) => letter.charCodeAt(0)), 1, 0, header.length & 255, header.length >> 8]);
  bytes.set([...header].map((letter) => letter.charCodeAt(0)), 10);
  const numbers = new DataView(bytes.buffer, 10 + header.length);
  row.forEach((value, index) => numbers.setFloat32(4 * index, value, true));
  return new Blob([bytes], { type: "application/octet-stream" });
}

export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
