// NF4 with double quantisation: blocks of 64 numbers, row after row, that share a scale; w = level[code] s with
// s = book[q] absmax + offset, an 8-bit q for each block and an absmax for 256 blocks. Words: 256 of book, offset, where
// absmax begins, 2 unused; codes, the first of a byte in its high half; from half_base four q a word; absmax.
// Source: Dettmers et al. 2023 (QLoRA); the format of bitsandbytes.
struct Run {
  base: u32,
  scale: f32,
}

const NF4_HEADER = 260u;
const NF4_LEVELS = array<f32, 16>(
  -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
  -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0,
  0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
  0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
);

fn load_run(row: u32, run: u32) -> Run {
  // Runs of 32 lie within one block, as rows have whole runs.
  let index = row * (params.k4 / 8u) + run;
  let block_at = index / 2u;
  let q = (weights[params.half_base + block_at / 4u] >> ((block_at & 3u) * 8u)) & 255u;
  let absmax = bitcast<f32>(weights[weights[257] + block_at / 256u]);
  return Run(NF4_HEADER + index * 4u, bitcast<f32>(weights[q]) * absmax + bitcast<f32>(weights[256]));
}

fn run_weight4(r: Run, j: u32) -> vec4f {
  let half_word = weights[r.base + j / 2u] >> ((j & 1u) * 16u);
  let codes = (vec4u(half_word) >> vec4u(4u, 0u, 12u, 8u)) & vec4u(15u);
  return r.scale * vec4f(NF4_LEVELS[codes.x], NF4_LEVELS[codes.y], NF4_LEVELS[codes.z], NF4_LEVELS[codes.w]);
}
