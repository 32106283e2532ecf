// Rows of bfloat16 (the upper half of an f32), two a word. Words: (rows, K / 2).
struct Run {
  base: u32,
}

fn load_run(row: u32, run: u32) -> Run {
  return Run((row * params.k4 + run * 8u) * 2u);
}

fn run_weight4(r: Run, j: u32) -> vec4f {
  let a = weights[r.base + j * 2u];
  let b = weights[r.base + j * 2u + 1u];
  return bitcast<vec4f>(vec4u(a << 16u, a & 0xffff0000u, b << 16u, b & 0xffff0000u));
}
