// y[m, n] += sum over r of B[n, r] t[m, target of n, r], by the adapter of row m's slot; rows without one keep their bits.
// y: (groups, Y, COLS). Dispatch (ceil(N / 256), rows, 1), a lane four outputs.
override COLS: u32 = 1;

@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n4 = id.x;
  let m = id.y;
  if (4u * n4 >= params.n || page_of(rows[m].y, 0u) == NO_PAGE) {
    return;
  }
  let change = delta4(m, params.first / 4u + n4);
  let at = ((m / COLS) * params.y_stride + params.first + 4u * n4) * COLS + m % COLS;
  y[at] += change.x;
  y[at + COLS] += change.y;
  y[at + 2u * COLS] += change.z;
  y[at + 3u * COLS] += change.w;
}
