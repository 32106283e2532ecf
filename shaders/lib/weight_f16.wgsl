// Rows of IEEE half floats, two a word. Words: (rows, K / 2).
struct Run {
  base: u32,
}

fn load_run(row: u32, run: u32) -> Run {
  return Run((row * params.k4 + run * 8u) * 2u);
}

fn run_weight4(r: Run, j: u32) -> vec4f {
  let at = r.base + j * 2u;
  return vec4f(unpack2x16float(weights[at]), unpack2x16float(weights[at + 1u]));
}
