// What the kernels of attention over packed segments share. An invocation belongs to a row t and a head; rows lie side by
// side, as they read the same keys. qkv: (rows, heads + 2 kv_heads, 4 HEAD4), turned queries and keys, then values;
// rows[t].z is the first row of t's segment.
struct SegmentAttentionParams {
  rows: u32,
  heads: u32,
  kv_heads: u32,
  sigma: f32,
}

override HEAD4: u32 = 8;

@group(0) @binding(0) var<uniform> params: SegmentAttentionParams;
@group(0) @binding(1) var<storage, read> rows: array<vec4u>;
@group(0) @binding(2) var<storage, read> qkv: array<vec4f>;

// Vectors from a row of qkv to the next.
fn qkv_stride() -> u32 {
  return (params.heads + 2u * params.kv_heads) * HEAD4;
}

// Where a row of qkv has the key of a kv head; its value lies `value_offset` further.
fn key_column(kv: u32) -> u32 {
  return (params.heads + kv) * HEAD4;
}

fn value_offset() -> u32 {
  return params.kv_heads * HEAD4;
}

fn kv_of(h: u32) -> u32 {
  return h / (params.heads / params.kv_heads);
}
