// sum + w . x, a chain of f32.
fn fma4(w: vec4f, x0: cols, x1: cols, x2: cols, x3: cols, sum: cols) -> cols {
  return fma(cols(w.w), x3, fma(cols(w.z), x2, fma(cols(w.y), x1, fma(cols(w.x), x0, sum))));
}
