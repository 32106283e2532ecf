// For each row m and head h of qkv + bias: q and k are normed (head_norm_*.wgsl) and rotated by their position
// (rope_*.wgsl), q is scaled by 1 / sqrt(D) and kept, k and v go to the row's place in the paged cache.
// qkv: (groups, H, D, COLS) with H = heads + 2 kv_heads; vectors: (H, D) bias, then D gains for q and D for k;
// angles: (positions, rotary / 2) of (cos, sin); q: (rows, heads, D), D at most 256. Dispatch (H, rows, 1), a lane a pair
// of dimensions. Source: Su et al. 2021, RoFormer.
struct RopeCacheParams {
  heads: u32,
  kv_heads: u32,
  head_size: u32,
  rotary: u32,
  pages_per_slot: u32,
  epsilon: f32,
  q_scale: f32,
}

override COLS: u32 = 1;
const WG = 64u;
const PAGE = 16u;

@group(0) @binding(0) var<uniform> params: RopeCacheParams;
@group(0) @binding(1) var<storage, read> qkv: array<f32>;
@group(0) @binding(2) var<storage, read> vectors: array<f32>;
@group(0) @binding(3) var<storage, read> angles: array<vec2f>;
@group(0) @binding(4) var<storage, read> rows: array<vec4u>;
@group(0) @binding(5) var<storage, read> page_table: array<u32>;
@group(0) @binding(6) var<storage, read_write> q: array<f32>;

fn projected(m: u32, h: u32, d: u32) -> f32 {
  let width = (params.heads + 2u * params.kv_heads) * params.head_size;
  let k = h * params.head_size + d;
  return qkv[((m / COLS) * width + k) * COLS + m % COLS] + vectors[k];
}

fn is_key(h: u32) -> bool {
  return h < params.heads + params.kv_heads;
}

// Which page of which kv head the key or value of row m goes to.
fn head_place(m: u32, h: u32) -> u32 {
  let row = rows[m];
  let page = page_table[row.y * params.pages_per_slot + row.z / PAGE];
  return page * params.kv_heads + (h - params.heads) % params.kv_heads;
}

fn keep(m: u32, h: u32, d: u32, v: f32) {
  if (h < params.heads) {
    q[(m * params.heads + h) * params.head_size + d] = v * params.q_scale;
  } else {
    stage(m, h, d, v);
  }
}

fn turn_head(m: u32, h: u32, lane: u32) {
  let scale = head_scale(m, h);
  for (var i = lane; i < params.head_size / 2u; i += WG) {
    let rotates = i < params.rotary / 2u;
    let pair = select(vec2u(2u * i, 2u * i + 1u), rotary_pair(i, params.rotary), rotates);
    let a = projected(m, h, pair.x) * scale * head_gain(h >= params.heads, pair.x);
    let b = projected(m, h, pair.y) * scale * head_gain(h >= params.heads, pair.y);
    var turn = vec2f(1.0, 0.0);
    if (rotates) {
      turn = angles[rows[m].z * (params.rotary / 2u) + i];
    }
    keep(m, h, pair.x, a * turn.x - b * turn.y);
    keep(m, h, pair.y, a * turn.y + b * turn.x);
  }
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let h = group.x;
  let m = group.y;
  if (h < params.heads + params.kv_heads) {
    turn_head(m, h, lane);
  } else {
    for (var d = lane; d < params.head_size; d += WG) {
      keep(m, h, d, projected(m, h, d));
    }
  }
  if (h >= params.heads) {
    store_staged(m, h, lane);
  }
}
