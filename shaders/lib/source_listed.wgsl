// Output row m is made from the step's row that the m-th entry lists: only some rows need logits.
fn source_row(m: u32) -> u32 {
  return rows[m].w & 0x7fffffffu;
}
