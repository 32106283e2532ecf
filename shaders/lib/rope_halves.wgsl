// Rotary pairs are half the rotary size apart: dimensions i and i + rotary / 2 (Qwen, GPT-NeoX).
fn rotary_pair(i: u32, rotary: u32) -> vec2u {
  return vec2u(i, i + rotary / 2u);
}
