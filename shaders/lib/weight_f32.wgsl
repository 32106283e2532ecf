// Rows of f32. A run is 32 weights of a row (the last may be shorter); run_weight4 gives weights 4j .. 4j+3 of it.
// Words: (rows, K). See shaders/README.md, "weights".
struct Run {
  base: u32,
}

fn load_run(row: u32, run: u32) -> Run {
  return Run((row * params.k4 + run * 8u) * 4u);
}

fn run_weight4(r: Run, j: u32) -> vec4f {
  let at = r.base + j * 4u;
  return bitcast<vec4f>(vec4u(weights[at], weights[at + 1u], weights[at + 2u], weights[at + 3u]));
}
