// Gumbel noise of a token by Philox4x32-10 (Salmon et al. 2011) with counter (id / 4, position, record low, record high)
// and key (seed, "STAR"): word id mod 4, uniform (word / 2^8 + 1/2) / 2^24, g = -ln(-ln u), to about 1e-5.
fn multiply_high(a: u32, b: u32) -> u32 {
  let al = a & 0xffffu;
  let ah = a >> 16u;
  let bl = b & 0xffffu;
  let bh = b >> 16u;
  let middle = ah * bl + ((al * bl) >> 16u);
  let carry = al * bh + (middle & 0xffffu);
  return ah * bh + (middle >> 16u) + (carry >> 16u);
}

fn philox(counter: vec4u, seed: u32) -> vec4u {
  var c = counter;
  var k = vec2u(seed, 0x53544152u);
  for (var round = 0u; round < 10u; round++) {
    let high0 = multiply_high(0xd2511f53u, c.x);
    let high1 = multiply_high(0xcd9e8d57u, c.z);
    c = vec4u(high1 ^ c.y ^ k.x, 0xcd9e8d57u * c.z, high0 ^ c.w ^ k.y, 0xd2511f53u * c.x);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}

// -ln u of the uniform from the upper 24 bits r of a word. WGSL's log has an absolute error near 1, where -ln u is
// smallest and the noise largest: there the series of -ln(1 - v) in v = 1 - u, which f32 holds exactly.
fn negative_log(r: u32) -> f32 {
  if (r < 0x00e00000u) {
    return -log((f32(r) + 0.5) * 5.9604644775390625e-8);
  }
  let v = (f32(0x00ffffffu - r) + 0.5) * 5.9604644775390625e-8;
  // v < 1/8: ten terms leave less than 2^-33 of the sum.
  var sum = 0.1;
  for (var i = 9u; i > 0u; i--) {
    sum = fma(sum, v, 1.0 / f32(i));
  }
  return sum * v;
}

fn gumbel(id: u32, position: u32, record: vec2u, seed: u32) -> f32 {
  let words = philox(vec4u(id >> 2u, position, record), seed);
  return -log(negative_log(words[id & 3u] >> 8u));
}
