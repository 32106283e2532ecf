// GGUF Q4_K: super-blocks of 8 runs of 32 4-bit codes; w = d s q - dmin m with a 6-bit s and m for each run.
// Words: (rows, super-blocks, 36): d and dmin, 3 of packed s and m, 32 of codes: runs 2i and 2i + 1 are the low and the
// high nibbles of bytes 32i .. 32i + 31.
struct Run {
  base: u32,
  shift: u32,
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

// The 6-bit scale (x) and minimum (y) of run g in 0..7 from the 12 packed bytes at word `at`: runs 0..3 have them in the
// low 6 bits of bytes g and g + 4; runs 4..7 have 4 bits each in byte g + 4 and 2 more on top of bytes g - 4 and g.
fn scale_min(at: u32, g: u32) -> vec2f {
  let shift = (g & 3u) * 8u;
  let a = (weights[at] >> shift) & 255u;
  let b = (weights[at + 1u] >> shift) & 255u;
  let c = (weights[at + 2u] >> shift) & 255u;
  let low = vec2u(a & 63u, b & 63u);
  let high = vec2u((c & 15u) | ((a >> 6u) << 4u), (c >> 4u) | ((b >> 6u) << 4u));
  return vec2f(select(high, low, g < 4u));
}

fn load_run(row: u32, run: u32) -> Run {
  let base = (row * (params.k4 / 64u) + run / 8u) * 36u;
  let g = run & 7u;
  let s = scale_min(base + 1u, g);
  let d = half_to_f32(weights[base] & 0xffffu) * s.x;
  let m = half_to_f32(weights[base] >> 16u) * s.y;
  return Run(base + 4u + (g >> 1u) * 8u, (g & 1u) * 4u, d, -m);
}

fn run_weight4(r: Run, j: u32) -> vec4f {
  let word = weights[r.base + j] >> r.shift;
  return fma(vec4f(r.d), vec4f(bytes_of(word & 0x0f0f0f0fu)), vec4f(r.m));
}
