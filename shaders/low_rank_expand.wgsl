// y[m, n] += sum over r of B[n, r] t[m, target of n, r], by the adapter of row m's slot; rows without one keep their bits.
// y: (groups, Y, COLS). Dispatch (ceil(N / 64), rows, 1), a lane an output.
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  let m = id.y;
  if (n >= params.n || page_of(rows[m].y, 0u) == NO_PAGE) {
    return;
  }
  let at = ((m / COLS) * params.y_stride + params.first + n) * COLS + m % COLS;
  y[at] += delta(m, params.first + n);
}
