// A cache of f16: keys (pages, kv_heads, D / 4, 16), values (pages, kv_heads, 16, D / 4), four numbers to an element.
@group(0) @binding(7) var<storage, read_write> keys: array<vec2u>;
@group(0) @binding(8) var<storage, read_write> values: array<vec2u>;

const LARGEST_HALF = 65504.0;
var<workgroup> staged: array<f32, 256>;

// To the nearest, ties to even: WGSL's own packing may round either way, and a cache decides bits.
fn half_bits(v: f32) -> u32 {
  let word = bitcast<u32>(v);
  let magnitude = word & 0x7fffffffu;
  let shifted = magnitude - 0x38000000u;
  let normal = (shifted + 0xfffu + ((shifted >> 13u) & 1u)) >> 13u;
  // Below the least normal half the step is fixed: 2^-24.
  let small = u32(round(abs(v) * 16777216.0));
  return ((word >> 16u) & 0x8000u) | select(normal, small, magnitude < 0x38800000u);
}

fn stage(m: u32, h: u32, d: u32, v: f32) {
  staged[d] = clamp(v, -LARGEST_HALF, LARGEST_HALF);
}

fn store_staged(m: u32, h: u32, lane: u32) {
  workgroupBarrier();
  let head4 = params.head_size / 4u;
  let base = head_place(m, h) * PAGE * head4;
  let in_page = rows[m].z % PAGE;
  for (var i = lane; i < head4; i += WG) {
    let low = half_bits(staged[4u * i]) | (half_bits(staged[4u * i + 1u]) << 16u);
    let high = half_bits(staged[4u * i + 2u]) | (half_bits(staged[4u * i + 3u]) << 16u);
    if (is_key(h)) {
      keys[base + i * PAGE + in_page] = vec2u(low, high);
    } else {
      values[base + in_page * head4 + i] = vec2u(low, high);
    }
  }
}
