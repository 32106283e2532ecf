// GGUF Q8_0: blocks of 32 int8 codes and one half scale d; w = d q. Words: (rows, blocks, 8) codes, then scales.
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

fn load_run(row: u32, run: u32) -> Run {
  let blocks = params.k4 / 8u;
  return Run((row * blocks + run) * 8u, block_scale(row, blocks, run));
}

fn run_weight4(r: Run, j: u32) -> vec4f {
  let word = weights[r.base + j];
  let codes = bitcast<vec4i>(vec4u(word << 24u, word << 16u, word << 8u, word)) >> vec4u(24u);
  return r.d * vec4f(codes);
}

// Four codes as int8, weights d (code - CODE_OFFSET).
const CODE_OFFSET = 0;

fn run_codes4(r: Run, j: u32) -> u32 {
  return weights[r.base + j];
}
