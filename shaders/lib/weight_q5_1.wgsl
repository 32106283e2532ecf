// GGUF Q5_1: blocks of 32 5-bit codes, a half scale d and a half minimum m; w = d q + m.
// Words: (rows, blocks, 6): d and m, the fifth bits, then 4 of nibbles as in Q4_0.
struct Run {
  base: u32,
  fifth: u32,
  d: f32,
  m: f32,
}

// IEEE half to f32 in integers, as unpack2x16float may flush the subnormal scales that small weights have.
fn half_to_f32(bits: u32) -> f32 {
  let sign = (bits & 0x8000u) << 16u;
  let magnitude = bits & 0x7fffu;
  let normal = bitcast<f32>(sign | ((magnitude << 13u) + 0x38000000u));
  let tiny = f32(magnitude) * 5.9604644775390625e-8;
  return select(normal, select(tiny, -tiny, sign != 0u), magnitude < 0x400u);
}

// The four bytes of a word, lowest first.
fn bytes_of(word: u32) -> vec4u {
  return vec4u(word, word >> 8u, word >> 16u, word >> 24u) & vec4u(255u);
}

fn load_run(row: u32, run: u32) -> Run {
  let base = (row * (params.k4 / 8u) + run) * 6u;
  let word = weights[base];
  return Run(base + 2u, weights[base + 1u], half_to_f32(word & 0xffffu), half_to_f32(word >> 16u));
}

fn run_weight4(r: Run, j: u32) -> vec4f {
  let word = weights[r.base + (j & 3u)] >> ((j >> 2u) * 4u);
  let high = ((vec4u(r.fifth >> (j * 4u)) >> vec4u(0u, 1u, 2u, 3u)) & vec4u(1u)) << vec4u(4u);
  return fma(vec4f(r.d), vec4f(bytes_of(word & 0x0f0f0f0fu) | high), vec4f(r.m));
}
