// Codes of four columns side by side.
alias codes = vec4u;
alias code_sums = vec4i;

// w . x of four int8 each, for each column.
fn dot4(w: u32, x: codes) -> code_sums {
  return vec4i(dot4I8Packed(w, x.x), dot4I8Packed(w, x.y), dot4I8Packed(w, x.z), dot4I8Packed(w, x.w));
}
