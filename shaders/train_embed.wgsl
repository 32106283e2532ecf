// x[t] = row rows[t].x of the table, for the tokens whose row lies in this part of it: rows row0 .. row0 + n.
// table: rows in any format (weight_*.wgsl); x: (rows, 4 k4) f32. Dispatch over rows * k4 invocations.
struct TrainEmbedParams {
  rows: u32,
  n: u32,
  k4: u32,
  row0: u32,
  half_base: u32,
}

@group(0) @binding(0) var<uniform> params: TrainEmbedParams;
@group(0) @binding(1) var<storage, read> weights: array<u32>;
@group(0) @binding(2) var<storage, read> rows: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> x: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  let t = index / params.k4;
  if (t >= params.rows) {
    return;
  }
  let token = rows[t].x;
  if (token < params.row0 || token - params.row0 >= params.n) {
    return;
  }
  let column = index % params.k4;
  x[index] = run_weight4(load_run(token - params.row0, column / 8u), column % 8u);
}
