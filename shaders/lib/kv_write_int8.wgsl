// A cache of int8: a head's page is codes, keys (D / 4, 16), values (16, D / 4), four to an element, and behind them 16
// steps, one for each position, as bits of f32. A number is its code times the step, which is a 127th of the greatest.
@group(0) @binding(7) var<storage, read_write> keys: array<u32>;
@group(0) @binding(8) var<storage, read_write> values: array<u32>;

const LARGEST_CODE = 127.0;
// Of a head of zeros.
const LEAST = 1.0e-30;
var<workgroup> staged: array<f32, 256>;

fn stage(m: u32, h: u32, d: u32, v: f32) {
  staged[d] = v;
}

fn store_staged(m: u32, h: u32, lane: u32) {
  workgroupBarrier();
  var largest = LEAST;
  for (var d = 0u; d < params.head_size; d++) {
    largest = max(largest, abs(staged[d]));
  }
  let step = largest * (1.0 / LARGEST_CODE);
  let head4 = params.head_size / 4u;
  let base = head_place(m, h) * PAGE * (head4 + 1u);
  let in_page = rows[m].z % PAGE;
  for (var i = lane; i < head4; i += WG) {
    let v = vec4f(staged[4u * i], staged[4u * i + 1u], staged[4u * i + 2u], staged[4u * i + 3u]);
    let codes = vec4i(clamp(round(v / step), vec4f(-LARGEST_CODE), vec4f(LARGEST_CODE)));
    let bytes = (bitcast<vec4u>(codes) & vec4u(255u)) << vec4u(0u, 8u, 16u, 24u);
    let word = bytes.x | bytes.y | bytes.z | bytes.w;
    if (is_key(h)) {
      keys[base + i * PAGE + in_page] = word;
    } else {
      values[base + in_page * head4 + i] = word;
    }
  }
  if (lane == 0u) {
    let at = base + head4 * PAGE + in_page;
    if (is_key(h)) {
      keys[at] = bitcast<u32>(step);
    } else {
      values[at] = bitcast<u32>(step);
    }
  }
}
