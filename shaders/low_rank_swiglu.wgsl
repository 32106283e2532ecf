// y[m, n] = silu(g + change of g) * (u + change of u), for gates g and ups u that a product has stored beside each other:
// z: (groups, 2 · Y, COLS) holds the n gates of a chunk and then its n ups; changes are by the adapter of row m's slot.
// y: (groups, Y, COLS). Dispatch (ceil(N / 256), rows, 1), a lane four outputs. silu as in epilogue_swiglu.wgsl.
override COLS: u32 = 1;

@group(0) @binding(5) var<storage, read> z: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

fn four(at: u32) -> vec4f {
  return vec4f(z[at], z[at + COLS], z[at + 2u * COLS], z[at + 3u * COLS]);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n4 = id.x;
  let m = id.y;
  if (4u * n4 >= params.n) {
    return;
  }
  let z_at = ((m / COLS) * params.y_stride * 2u + 2u * params.first + 4u * n4) * COLS + m % COLS;
  var gate = four(z_at);
  var up = four(z_at + params.n * COLS);
  if (page_of(rows[m].y, 0u) != NO_PAGE) {
    let first4 = params.first / 4u + n4;
    gate += delta4(m, first4);
    up += delta4(m, params.n1 / 4u + first4);
  }
  let value = gate / (vec4f(1.0) + exp(min(-gate, vec4f(80.0)))) * up;
  let at = ((m / COLS) * params.y_stride + params.first + 4u * n4) * COLS + m % COLS;
  y[at] = value.x;
  y[at + COLS] = value.y;
  y[at + 2u * COLS] = value.z;
  y[at + 3u * COLS] = value.w;
}
