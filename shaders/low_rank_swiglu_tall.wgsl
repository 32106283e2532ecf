// low_rank_swiglu.wgsl for four rows a lane, whose numbers of y and z lie beside each other.
// z: (groups, 2 · Y, 4); y: (groups, Y, 4). Dispatch (ceil(N / 256), groups, 1), a lane four outputs.
@group(0) @binding(5) var<storage, read> z: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> y: array<vec4f>;

fn swiglu(gate: vec4f, up: vec4f) -> vec4f {
  return gate / (vec4f(1.0) + exp(min(-gate, vec4f(80.0)))) * up;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) place: vec3u) {
  let n4 = id.x;
  let group = place.y;
  if (4u * n4 >= params.n) {
    return;
  }
  let first4 = params.first / 4u + n4;
  let gates = delta4x4(4u * group, first4);
  let ups = delta4x4(4u * group, params.n1 / 4u + first4);
  let z_at = group * params.y_stride * 2u + 2u * params.first + 4u * n4;
  let at = group * params.y_stride + params.first + 4u * n4;
  for (var i = 0u; i < 4u; i++) {
    y[at + i] = swiglu(z[z_at + i] + gates[i], z[z_at + params.n + i] + ups[i]);
  }
}
