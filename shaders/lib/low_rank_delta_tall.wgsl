// The changes of the four outputs from n4 * 4 on for four rows from m on, a column for each output. A row without an
// adapter has the change that keeps all bits.
fn delta4x4(m: u32, n4: u32) -> mat4x4f {
  var change: mat4x4f;
  for (var i = 0u; i < 4u; i++) {
    change[i] = vec4f(-0.0);
    if (page_of(rows[m + i].y, 0u) != NO_PAGE) {
      change[i] = delta4(m + i, n4);
    }
  }
  return transpose(change);
}
