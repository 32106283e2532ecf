// A cache of f16, four to an element, as kv_write_f16.wgsl makes it. Widening is exact and needs no shader-f16.
@group(0) @binding(2) var<storage, read> keys: array<vec2u>;
@group(0) @binding(3) var<storage, read> values: array<vec2u>;

fn head_room() -> u32 {
  return params.head4 * PAGE;
}

fn widened(halves: vec2u) -> vec4f {
  return vec4f(unpack2x16float(halves.x), unpack2x16float(halves.y));
}

fn key4(at: u32) -> vec4f {
  return widened(keys[at]);
}

fn value4(at: u32) -> vec4f {
  return widened(values[at]);
}

fn key_step(base: u32, i: u32) -> f32 {
  return 1.0;
}

fn value_step(base: u32, i: u32) -> f32 {
  return 1.0;
}
