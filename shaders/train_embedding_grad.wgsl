// dtable[token] += sum of dx[t] over the rows t that hold the token. groups: (token, first, end, 0), one for each different
// token, the rest empty; order[first .. end] are the token's rows. One invocation a vector: no atomics, one order.
// Dispatch over groups * k4 invocations.
struct TrainEmbeddingGradParams {
  groups: u32,
  k4: u32,
}

@group(0) @binding(0) var<uniform> params: TrainEmbeddingGradParams;
@group(0) @binding(1) var<storage, read> groups: array<vec4u>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> dx: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dtable: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) workgroups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * workgroups.x + group.x) * 64u + lane;
  let g = index / params.k4;
  if (g >= params.groups) {
    return;
  }
  let k = index % params.k4;
  let rows = groups[g];
  if (rows.y >= rows.z) {
    return;
  }
  var sum = vec4f();
  for (var i = rows.y; i < rows.z; i++) {
    sum += dx[order[i] * params.k4 + k];
  }
  dtable[rows.x * params.k4 + k] += sum;
}
