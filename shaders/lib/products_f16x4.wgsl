// sum + w . x for four columns: four products and their sum in f16, which many GPUs make twice as fast, all
// sums in f32, as real models overflow f16.
fn fma4(w: vec4f, x0: cols, x1: cols, x2: cols, x3: cols, sum: cols) -> cols {
  let h = vec4h(w);
  var part = vec4h(h.x) * vec4h(x0);
  part = fma(vec4h(h.y), vec4h(x1), part);
  part = fma(vec4h(h.z), vec4h(x2), part);
  part = fma(vec4h(h.w), vec4h(x3), part);
  return sum + cols(part);
}
