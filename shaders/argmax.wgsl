// best[m] = (the lowest n whose logits[m, n] is greatest, the bits of that logit).
// logits: (groups, N, COLS) f32. Dispatch (1, rows, 1), one workgroup a row. Comparisons only, so exact.
struct ArgmaxParams {
  n: u32,
}

override COLS: u32 = 1;
const WG = 256u;

@group(0) @binding(0) var<uniform> params: ArgmaxParams;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> best: array<vec2u>;

var<workgroup> top_ids: array<u32, WG>;
var<workgroup> top_logits: array<f32, WG>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m = group.y;
  let source = (m / COLS) * params.n * COLS + m % COLS;
  var id = min(lane, params.n - 1u);
  var top = logits[source + id * COLS];
  for (var n = lane + WG; n < params.n; n += WG) {
    let v = logits[source + n * COLS];
    if (v > top) {
      top = v;
      id = n;
    }
  }
  top_ids[lane] = id;
  top_logits[lane] = top;
  workgroupBarrier();
  for (var width = WG / 2u; width > 0u; width /= 2u) {
    if (lane < width) {
      let other = top_logits[lane + width];
      let other_id = top_ids[lane + width];
      if (other > top_logits[lane] || (other == top_logits[lane] && other_id < top_ids[lane])) {
        top_logits[lane] = other;
        top_ids[lane] = other_id;
      }
    }
    workgroupBarrier();
  }
  if (lane == 0u) {
    best[m] = vec2u(top_ids[0], bitcast<u32>(top_logits[0]));
  }
}
