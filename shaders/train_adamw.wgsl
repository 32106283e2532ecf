// One step of AdamW: with g = clip[1] grad, m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2,
// p = p (1 - rate decay) - rate (m c1) / (sqrt(v c2) + epsilon); c1 = 1 / (1 - b1^t), c2 = 1 / (1 - b2^t) from the host.
// rest1 and rest2 are 1 - b1 and 1 - b2, from the host too: f32 would lose four digits of 1 - 0.999. Only the first `decayed4` vectors decay. All (4 count4) f32. Dispatch over count4 invocations.
// Source: Loshchilov and Hutter 2019.
struct TrainAdamwParams {
  count4: u32,
  decayed4: u32,
  rate: f32,
  decay: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  epsilon: f32,
  c1: f32,
  c2: f32,
}

@group(0) @binding(0) var<uniform> params: TrainAdamwParams;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read> clip: array<f32>;
@group(0) @binding(3) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> v: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= params.count4 || clip[1] == 0.0) {
    return;
  }
  let g = grad[i] * clip[1];
  let first = params.beta1 * m[i] + params.rest1 * g;
  let second = params.beta2 * v[i] + params.rest2 * g * g;
  m[i] = first;
  v[i] = second;
  let kept = select(1.0, 1.0 - params.rate * params.decay, i < params.decayed4);
  parameters[i] = kept * parameters[i] - params.rate * (first * params.c1) / (sqrt(second * params.c2) + params.epsilon);
}
