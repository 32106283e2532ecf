// out[m, h] = sum over t of softmax_t(q[m, h] . k[t, h']) v[t, h'], t = 0 .. position of row m, h' the kv head of h.
// q: (rows, heads, D / 4) vec4, scaled; keys and values: kv_read_*.wgsl; out: (groups, heads, D, COLS) f32. Dispatch (heads, rows, 1): one workgroup a head, tiles of 256 positions.
// Source: online softmax, Milakov and Gimelshein 2018. Tiles and sums follow the position alone, never the batch.
const WG = 64u;
const TILE = 256u;

var<workgroup> scores: array<f32, TILE>;
var<workgroup> tops: array<f32, WG>;
var<workgroup> masses: array<f32, WG>;
var<workgroup> sums: array<vec4f, WG>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let h = group.x;
  let m = group.y;
  let row = rows[m];
  let count = row.z + 1u;
  let first_page = row.y * params.pages_per_slot;
  let kv = h / (params.heads / params.kv_heads);
  let q_at = params.head4 * (m * params.heads + h);
  // Lanes that sum values: `parties` of head4 lanes, each party takes every parties-th position.
  let parties = WG / params.head4;
  let party = lane / params.head4;
  let d = lane % params.head4;
  var top = LOWEST;
  var mass = 0.0;
  var sum = vec4f(0.0);
  for (var start = 0u; start < count; start += TILE) {
    let n = min(TILE, count - start);
    var lane_top = LOWEST;
    for (var i = lane; i < n; i += WG) {
      let s = score(q_at, page_base(first_page, start + i, kv), i % PAGE);
      scores[i] = s;
      lane_top = max(lane_top, s);
    }
    tops[lane] = lane_top;
    workgroupBarrier();
    var new_top = top;
    for (var i = 0u; i < min(WG, n); i++) {
      new_top = max(new_top, tops[i]);
    }
    for (var i = lane; i < n; i += WG) {
      scores[i] = exp(scores[i] - new_top);
    }
    workgroupBarrier();
    let shrink = exp(top - new_top);
    top = new_top;
    mass *= shrink;
    sum *= shrink;
    if (party < parties) {
      for (var i = party; i < n; i += parties) {
        let base = page_base(first_page, start + i, kv);
        let weight = scores[i] * value_step(base, i % PAGE);
        mass += scores[i];
        sum = fma(vec4f(weight), value4(base + (i % PAGE) * params.head4 + d), sum);
      }
    }
    workgroupBarrier();
  }
  masses[lane] = mass;
  sums[lane] = sum;
  workgroupBarrier();
  if (lane < params.head4) {
    for (var i = 1u; i < parties; i++) {
      mass += masses[i * params.head4 + lane];
      sum += sums[i * params.head4 + lane];
    }
    let v = sum / mass;
    let width = params.heads * params.head4 * 4u;
    let at = ((m / COLS) * width + (h * params.head4 + lane) * 4u) * COLS + m % COLS;
    out[at] = v.x;
    out[at + COLS] = v.y;
    out[at + 2u * COLS] = v.z;
    out[at + 3u * COLS] = v.w;
  }
}
