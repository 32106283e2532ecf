// A cache of f32: keys (pages, kv_heads, D / 4, 16) vec4, values (pages, kv_heads, 16, D / 4) vec4.
@group(0) @binding(2) var<storage, read> keys: array<vec4f>;
@group(0) @binding(3) var<storage, read> values: array<vec4f>;

// Elements of a head's page.
fn head_room() -> u32 {
  return params.head4 * PAGE;
}

fn key4(at: u32) -> vec4f {
  return keys[at];
}

fn value4(at: u32) -> vec4f {
  return values[at];
}

// What the numbers of position i of the page at `base` are multiples of.
fn key_step(base: u32, i: u32) -> f32 {
  return 1.0;
}

fn value_step(base: u32, i: u32) -> f32 {
  return 1.0;
}
