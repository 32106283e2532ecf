// GGUF Q4_0: blocks of 32 4-bit codes and one half scale d; w = d (q - 8). Words: (rows, blocks, 4) codes, then scales.
// The low nibbles of a block's 16 bytes are weights 0..15, the high nibbles 16..31.
struct Run {
  base: u32,
  d: f32,
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
  let blocks = params.k4 / 8u;
  return Run((row * blocks + run) * 4u, block_scale(row, blocks, run));
}

fn run_weight4(r: Run, j: u32) -> vec4f {
  let word = weights[r.base + (j & 3u)] >> ((j >> 2u) * 4u);
  return r.d * (vec4f(bytes_of(word & 0x0f0f0f0fu)) - vec4f(8.0));
}

// Four codes as int8, weights d (code - CODE_OFFSET).
const CODE_OFFSET = 8;

fn run_codes4(r: Run, j: u32) -> u32 {
  return (weights[r.base + (j & 3u)] >> ((j >> 2u) * 4u)) & 0x0f0f0f0fu;
}
