// No norm on the heads of q and k.
fn head_scale(m: u32, h: u32) -> f32 {
  return 1.0;
}

fn head_gain(is_key: bool, d: u32) -> f32 {
  return 1.0;
}
