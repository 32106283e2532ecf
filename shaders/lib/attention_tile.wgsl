// What the kernels of attention in tiles of 4 rows by 4 keys share, beside segment_attention.wgsl. Rows and keys of a tile
// begin at multiples of 4; the rows of a micro-batch are whole tiles. An invocation owns a tile's worth of rows, so that
// each vector that is loaded serves four sums: for software, where loads are dear and lanes are few. Workgroups are small, as
// there are few tiles.

// The vectors at `at` of four rows that lie side by side.
fn four(at: u32) -> mat4x4f {
  let stride = qkv_stride();
  return mat4x4f(qkv[at], qkv[at + stride], qkv[at + 2u * stride], qkv[at + 3u * stride]);
}

// First rows of the segments of rows t .. t + 3.
fn starts_of(t: u32) -> vec4u {
  return vec4u(rows[t].z, rows[t + 1u].z, rows[t + 2u].z, rows[t + 3u].z);
}

// Which of the keys j .. j + 3 a row sees whose segment begins at `start`.
fn sees(row: u32, start: u32, j: u32) -> vec4<bool> {
  let keys = vec4u(j, j + 1u, j + 2u, j + 3u);
  return (keys >= vec4u(start)) & (keys <= vec4u(row));
}
