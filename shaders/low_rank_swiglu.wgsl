// y[m, n] = silu(g + change of g) * (u + change of u), for gates g and ups u that a product has stored beside each other:
// z: (groups, 2 · Y, COLS) holds the n gates of a chunk and then its n ups; changes are by the adapter of row m's slot.
// y: (groups, Y, COLS). Dispatch (ceil(N / 64), rows, 1), a lane an output. silu as in epilogue_swiglu.wgsl.
@group(0) @binding(5) var<storage, read> z: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  let m = id.y;
  if (n >= params.n) {
    return;
  }
  let z_at = ((m / COLS) * params.y_stride * 2u + 2u * params.first + n) * COLS + m % COLS;
  var gate = z[z_at];
  var up = z[z_at + params.n * COLS];
  if (page_of(rows[m].y, 0u) != NO_PAGE) {
    gate += delta(m, params.first + n);
    up += delta(m, params.n1 + params.first + n);
  }
  let at = ((m / COLS) * params.y_stride + params.first + n) * COLS + m % COLS;
  y[at] = gate / (1.0 + exp(min(-gate, 80.0))) * up;
}
