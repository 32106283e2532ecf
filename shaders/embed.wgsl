// x[m, k] = E[token of row m, k] for the rows of the step whose token lies in this part of the table.
// A token of LATEST stands for the last one that was picked for the row's slot.
// E: rows of a GGUF tensor (weight_*.wgsl), table rows row0 .. row0 + n; x: (groups, K, COLS) f32.
// Dispatch (ceil(K / 4 / 64), rows of the step, 1).
struct EmbedParams {
  n: u32,
  k4: u32,
  row0: u32,
  half_base: u32,
}

override COLS: u32 = 1;
const LATEST = 0xffffffffu;

@group(0) @binding(0) var<uniform> params: EmbedParams;
@group(0) @binding(1) var<storage, read> weights: array<u32>;
@group(0) @binding(2) var<storage, read> rows: array<vec4u>;
@group(0) @binding(3) var<storage, read> latest: array<u32>;
@group(0) @binding(4) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let k4 = id.x;
  let m = id.y;
  var token = rows[m].x;
  if (token == LATEST) {
    token = latest[rows[m].y];
  }
  let row = token - params.row0;
  if (k4 >= params.k4 || row >= params.n) {
    return;
  }
  let w = run_weight4(load_run(row, k4 / 8u), k4 % 8u);
  let at = ((m / COLS) * params.k4 * 4u + k4 * 4u) * COLS + m % COLS;
  x[at] = w.x;
  x[at + COLS] = w.y;
  x[at + 2u * COLS] = w.z;
  x[at + 3u * COLS] = w.w;
}
