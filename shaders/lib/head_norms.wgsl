// What the norm of heads and its gradient share: parameters, where a head lies, and its gain.
struct HeadNormParams {
  rows: u32,
  heads: u32,
  kv_heads: u32,
  head4: u32,
  gain_at: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: HeadNormParams;

struct NormedHead {
  row: u32,
  qkv_at: u32,
  raw_at: u32,
  gain_at: u32,
}

fn head_of(index: u32) -> NormedHead {
  let normed = params.heads + params.kv_heads;
  let row = index / normed;
  let h = index % normed;
  let key_gain = select(0u, 4u * params.head4, h >= params.heads);
  let qkv_at = (row * (normed + params.kv_heads) + h) * params.head4;
  return NormedHead(row, qkv_at, index * params.head4, params.gain_at + key_gain);
}

fn gain4(head: NormedHead, d: u32) -> vec4f {
  let at = head.gain_at + 4u * d;
  return vec4f(gains[at], gains[at + 1u], gains[at + 2u], gains[at + 3u]);
}
