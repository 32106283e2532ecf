// out[m, h] = sum over t of softmax_t(q[m, h] . k[t, h']) v[t, h'], as attention.wgsl, without barriers: a lane makes up
// to 32 dimensions of one head and scores every position itself. For devices where barriers cost more than that.
// q: (rows, heads, D / 4) vec4, scaled; keys and values: kv_read_*.wgsl; out: (groups, heads, D, COLS) f32. Dispatch (heads * ceil(D / 32) / WG, rows, 1).
// Source: online softmax, Milakov and Gimelshein 2018. A page at a time, in order: bits follow the position alone.
const WG = 4u;
const CHUNK = 8u;

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
  let q_at = params.head4 * (m * params.heads + h);
  var top = LOWEST;
  var mass = 0.0;
  var sums: array<vec4f, CHUNK>;
  var scores: array<f32, PAGE>;
  for (var start = 0u; start < count; start += PAGE) {
    let n = min(PAGE, count - start);
    let base = page_base(first_page, start, kv);
    var new_top = top;
    for (var i = 0u; i < n; i++) {
      let s = score(q_at, base, i);
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
      let stepped = weight * value_step(base, i);
      let v_at = base + i * params.head4 + first;
      for (var d = 0u; d < width; d++) {
        sums[d] = fma(vec4f(stepped), value4(v_at + d), sums[d]);
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
