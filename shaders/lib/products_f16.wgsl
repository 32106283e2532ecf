// sum + w . x for one column: four products and their sum in f16, which many GPUs make twice as fast, all
// sums in f32, as real models overflow f16.
fn fma4(w: vec4f, x0: cols, x1: cols, x2: cols, x3: cols, sum: cols) -> cols {
  let h = vec4h(w);
  var part = f16(h.x) * f16(x0);
  part = fma(f16(h.y), f16(x1), part);
  part = fma(f16(h.z), f16(x2), part);
  part = fma(f16(h.w), f16(x3), part);
  return sum + cols(part);
}
