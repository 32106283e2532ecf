// GGUF Q6_K: super-blocks of 256 6-bit codes, an int8 scale s for each 16 and a half d; w = d s (q - 32).
// Words: (rows, super-blocks, 52): 32 of low nibbles, 16 of upper bit pairs, 4 of scales; then the plane of d.
// Within a half of 128, runs 0..3: nibbles in bytes 0..31 or 32..63 (odd runs), low or high; bit pair 2 run of byte l.
struct Run {
  low: u32,
  high: u32,
  q: u32,
  d: vec2f,
}

// IEEE half to f32 in integers, as unpack2x16float may flush the subnormal scales that small weights have.
fn half_to_f32(bits: u32) -> f32 {
  let sign = (bits & 0x8000u) << 16u;
  let magnitude = bits & 0x7fffu;
  let normal = bitcast<f32>(sign | ((magnitude << 13u) + 0x38000000u));
  let tiny = f32(magnitude) * 5.9604644775390625e-8;
  return select(normal, select(tiny, -tiny, sign != 0u), magnitude < 0x400u);
}

// The half-precision scale of a block, from the plane behind the codes: rows of (blocks, padded to 2) halves.
fn block_scale(row: u32, blocks: u32, index: u32) -> f32 {
  let word = weights[params.half_base + row * ((blocks + 1u) / 2u) + index / 2u];
  return half_to_f32((word >> ((index & 1u) * 16u)) & 0xffffu);
}

// The four bytes of a word, lowest first.
fn bytes_of(word: u32) -> vec4u {
  return vec4u(word, word >> 8u, word >> 16u, word >> 24u) & vec4u(255u);
}

fn load_run(row: u32, run: u32) -> Run {
  let blocks = params.k4 / 64u;
  let base = (row * blocks + run / 8u) * 52u;
  let half = (run & 7u) >> 2u;
  let q = run & 3u;
  let scales = weights[base + 48u + half * 2u + (q >> 1u)] >> ((q & 1u) * 16u);
  let s = bitcast<vec2i>(vec2u(scales << 24u, scales << 16u)) >> vec2u(24u);
  let d = block_scale(row, blocks, run / 8u) * vec2f(s);
  return Run(base + half * 16u + (q & 1u) * 8u, base + 32u + half * 8u, q, d);
}

fn run_weight4(r: Run, j: u32) -> vec4f {
  let low = (weights[r.low + j] >> ((r.q >> 1u) * 4u)) & 0x0f0f0f0fu;
  let high = ((weights[r.high + j] >> (r.q * 2u)) & 0x03030303u) << 4u;
  return select(r.d.x, r.d.y, j > 3u) * (vec4f(bytes_of(low | high)) - vec4f(32.0));
}
