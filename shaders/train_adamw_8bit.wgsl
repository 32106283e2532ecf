// One step of train_adamw with moments of 8 bits: 256 numbers share a scale each for m and v; a code stands for
// books[code] scale, those of m signed (books[0 .. 256]), those of v not (books[256 .. 512]). Both books ascend and end in 1.
// parameters, grad: (256 blocks) f32; m, v: four codes a word; scales: (blocks) of (m, v).
// Dispatch over blocks * 64 invocations: a workgroup makes a block. Source: Dettmers et al. 2022 (8-bit optimizers).
struct TrainAdamw8Params {
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

@group(0) @binding(0) var<uniform> params: TrainAdamw8Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read> clip: array<f32>;
@group(0) @binding(3) var<storage, read> books: array<f32, 512>;
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> m: array<u32>;
@group(0) @binding(6) var<storage, read_write> v: array<u32>;
@group(0) @binding(7) var<storage, read_write> scales: array<vec2f>;

fn decode(word: u32, book: u32, scale: f32) -> vec4f {
  let codes = (vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
  return scale * vec4f(books[book + codes.x], books[book + codes.y], books[book + codes.z], books[book + codes.w]);
}

// The nearest code of a ratio in [-1, 1]; a tie takes the lower.
fn code_of(ratio: f32, book: u32) -> u32 {
  var low = 0u;
  var high = 255u;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    if (books[book + middle] <= ratio) {
      low = middle;
    } else {
      high = middle;
    }
  }
  let is_high = ratio - books[book + low] > books[book + high] - ratio;
  return select(low, high, is_high);
}

fn encode(values: vec4f, book: u32, scale: f32) -> u32 {
  var word = 0u;
  for (var i = 0u; i < 4u; i++) {
    var code = code_of(values[i] / max(scale, 1.0e-37), book);
    // A second moment that became nothing would make its step endless.
    if (book == 256u && values[i] > 0.0) {
      code = max(code, 1u);
    }
    word |= code << (8u * i);
  }
  return word;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = group.y * groups.x + group.x;
  let i = min(tile * 64u + lane, params.count4 - 1u);
  let is_on = tile * 64u < params.count4 && clip[1] != 0.0;
  let before = scales[i / 64u];
  let g = grad[i] * clip[1];
  let first = params.beta1 * decode(m[i], 0u, before.x) + params.rest1 * g;
  let second = params.beta2 * decode(v[i], 256u, before.y) + params.rest2 * g * g;
  let sizes = abs(first);
  let m_scale = row_max(max(max(sizes.x, sizes.y), max(sizes.z, sizes.w)), lane);
  let v_scale = row_max(max(max(second.x, second.y), max(second.z, second.w)), lane);
  if (!is_on) {
    return;
  }
  m[i] = encode(first, 0u, m_scale);
  v[i] = encode(second, 256u, v_scale);
  if (lane == 0u) {
    scales[i / 64u] = vec2f(m_scale, v_scale);
  }
  let kept = select(1.0, 1.0 - params.rate * params.decay, i < params.decayed4);
  parameters[i] = kept * parameters[i] - params.rate * (first * params.c1) / (sqrt(second * params.c2) + params.epsilon);
}
