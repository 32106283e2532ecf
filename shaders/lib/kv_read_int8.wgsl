// A cache of int8 with a step for each head of each position, as kv_write_int8.wgsl makes it: a head's page is its codes,
// four to an element, and behind them its 16 steps as bits of f32.
@group(0) @binding(2) var<storage, read> keys: array<u32>;
@group(0) @binding(3) var<storage, read> values: array<u32>;

fn head_room() -> u32 {
  return (params.head4 + 1u) * PAGE;
}

fn codes4(word: u32) -> vec4f {
  return vec4f((vec4i(bitcast<i32>(word)) << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u));
}

fn key4(at: u32) -> vec4f {
  return codes4(keys[at]);
}

fn value4(at: u32) -> vec4f {
  return codes4(values[at]);
}

fn key_step(base: u32, i: u32) -> f32 {
  return bitcast<f32>(keys[base + params.head4 * PAGE + i]);
}

fn value_step(base: u32, i: u32) -> f32 {
  return bitcast<f32>(values[base + params.head4 * PAGE + i]);
}
