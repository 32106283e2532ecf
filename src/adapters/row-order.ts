/**
 * Rows of q and k in the order of a llama GGUF, from the order of Transformers: there a head's rotary pairs are half a
 * head apart, here they are neighbours.
 *
 * @param rows (heads · headSize, columns), row after row
 */
export function toNeighbours(rows: Float32Array, heads: number, columns: number): Float32Array<ArrayBuffer> {
  return reorder(rows, heads, columns, (row, half) => (row % 2) * half + Math.floor(row / 2));
}

/** The way back. */
export function toHalves(rows: Float32Array, heads: number, columns: number): Float32Array<ArrayBuffer> {
  return reorder(rows, heads, columns, (row, half) => (row % half) * 2 + Math.floor(row / half));
}

/** @param from which row of the old head becomes this one */
function reorder(
  rows: Float32Array,
  heads: number,
  columns: number,
  from: (row: number, half: number) => number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(rows.length);
  const size = rows.length / columns / heads;
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < size; row++) {
      const source = (head * size + from(row, size / 2)) * columns;
      out.set(rows.subarray(source, source + columns), (head * size + row) * columns);
    }
  }
  return out;
}
