// Rotary pairs are neighbours: dimensions 2i and 2i + 1 (Llama, as GGUF stores it).
fn rotary_pair(i: u32, rotary: u32) -> vec2u {
  return vec2u(2u * i, 2u * i + 1u);
}
