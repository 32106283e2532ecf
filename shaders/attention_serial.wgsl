// out[m, h] = sum over t of softmax_t(q[m, h] . k[t, h']) v[t, h'], as attention.wgsl, without barriers: a lane makes up
// to 32 dimensions of one head and scores every position itself. For devices where barriers cost more than that.
// q: (rows, heads, D / 4) vec4, scaled; keys: (pages, kv_heads, D / 4, 16) vec4; values: (pages, kv_heads, 16, D / 4)
// vec4; out: (groups, heads, D, COLS) f32. Dispatch (heads * ceil(D / 32) / WG, rows, 1).
// Source: online softmax, Milakov and Gimelshein 2018. A page at a time, in order: bits follow the position alone.
struct AttentionParams {
  heads: u32,
  kv_heads: u32,
  head4: u32,
  pages_per_slot: u32,
}

override COLS: u32 = 1;
const WG = 4u;
const PAGE = 16u;
const CHUNK = 8u;
const LOWEST = -3.0e38;

@group(0) @binding(0) var<uniform> params: AttentionParams;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> keys: array<vec4f>;
@group(0) @binding(3) var<storage, read> values: array<vec4f>;
@group(0) @binding(4) var<storage, read> rows: array<vec4u>;
@group(0) @binding(5) var<storage, read> page_table: array<u32>;
@group(0) @binding(6) var<storage, read_write> out: array<f32>;

fn score(q_at: u32, k_at: u32) -> f32 {
  var sum = vec4f(0.0);
  for (var d = 0u; d < params.head4; d++) {
    sum = fma(q[q_at + d], keys[k_at + d * PAGE], sum);
  }
  return (sum.x + sum.y) + (sum.z + sum.w);
}

@compute @workgroup_size(WG)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let chunks = (params.head4 + CHUNK - 1u) / CHUNK;
  let h = id.x / chunks;
  let m = id.y;
  if (h >= params.heads) {
    return;
  }
  let first = (id.x % chunks) * CHUNK;
  let width = min(CHUNK, params.head4 - first);
  let row = rows[m];
  let count = row.z + 1u;
  let first_page = row.y * params.pages_per_slot;
  let kv = h / (params.heads / params.kv_heads);
  let head_base = params.head4 * PAGE;
  let q_at = params.head4 * (m * params.heads + h);
  var top = LOWEST;
  var mass = 0.0;
  var sums: array<vec4f, CHUNK>;
  var scores: array<f32, PAGE>;
  for (var start = 0u; start < count; start += PAGE) {
    let n = min(PAGE, count - start);
    let base = head_base * (page_table[first_page + start / PAGE] * params.kv_heads + kv);
    var new_top = top;
    for (var i = 0u; i < n; i++) {
      let s = score(q_at, base + i);
      scores[i] = s;
      new_top = max(new_top, s);
    }
    let shrink = exp(top - new_top);
    top = new_top;
    mass *= shrink;
    for (var d = 0u; d < width; d++) {
      sums[d] *= shrink;
    }
    for (var i = 0u; i < n; i++) {
      let weight = exp(scores[i] - new_top);
      mass += weight;
      let v_at = base + i * params.head4 + first;
      for (var d = 0u; d < width; d++) {
        sums[d] = fma(vec4f(weight), values[v_at + d], sums[d]);
      }
    }
  }
  let at = ((m / COLS) * params.heads * params.head4 + h * params.head4 + first) * 4u * COLS + m % COLS;
  for (var d = 0u; d < width; d++) {
    let v = sums[d] / mass;
    let to = at + 4u * d * COLS;
    out[to] = v.x;
    out[to + COLS] = v.y;
    out[to + 2u * COLS] = v.z;
    out[to + 3u * COLS] = v.w;
  }
}
