// y[i] = sum of the words that invocation i reads of x; only its time is of interest.
// x: (n) vec4u; y: (invocations) u32. Dispatch (workgroups, 1, 1); neighbours read neighbours, `stride` apart each turn.
struct ReadBandwidthParams {
  n: u32,
  stride: u32,
}

const WG = 64u;

@group(0) @binding(0) var<uniform> params: ReadBandwidthParams;
@group(0) @binding(1) var<storage, read> x: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var sum = vec4u(0u);
  for (var i = id.x; i < params.n; i += params.stride) {
    sum += x[i];
  }
  y[id.x] = sum.x + sum.y + sum.z + sum.w;
}
