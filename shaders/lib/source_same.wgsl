// Output row m is made from row m of the step.
fn source_row(m: u32) -> u32 {
  return m;
}
