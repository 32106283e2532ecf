// Codes of one column.
alias codes = u32;
alias code_sums = i32;

// w . x of four int8 each.
fn dot4(w: u32, x: codes) -> code_sums {
  return dot4I8Packed(w, x);
}
