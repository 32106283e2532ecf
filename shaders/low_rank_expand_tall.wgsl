// low_rank_expand.wgsl for four rows a lane, whose numbers of y lie beside each other: four reads and writes for sixteen.
// y: (groups, Y, 4). Dispatch (ceil(N / 256), groups, 1), a lane four outputs.
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) place: vec3u) {
  let n4 = id.x;
  let group = place.y;
  if (4u * n4 >= params.n) {
    return;
  }
  let change = delta4x4(4u * group, params.first / 4u + n4);
  let at = group * params.y_stride + params.first + 4u * n4;
  y[at] += change[0];
  y[at + 1u] += change[1];
  y[at + 2u] += change[2];
  y[at + 3u] += change[3];
}
