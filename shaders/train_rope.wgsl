// Turns the rotary pairs of `heads` neighbouring heads of each row by its position, in place; sign -1 turns back, which is
// also the gradient. x: (rows, stride) f32; angles: (positions, rotary / 2) of (cos, sin); rows[t].y is the position.
// Dispatch over rows * heads * rotary / 2 invocations. Source: Su et al. 2021.
struct TrainRopeParams {
  rows: u32,
  heads: u32,
  head_size: u32,
  rotary: u32,
  stride: u32,
  sign: f32,
}

@group(0) @binding(0) var<uniform> params: TrainRopeParams;
@group(0) @binding(1) var<storage, read> rows: array<vec4u>;
@group(0) @binding(2) var<storage, read> angles: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  let pairs = params.rotary / 2u;
  let i = index % pairs;
  let head = (index / pairs) % params.heads;
  let t = index / (pairs * params.heads);
  if (t >= params.rows) {
    return;
  }
  let turn = angles[rows[t].y * pairs + i] * vec2f(1.0, params.sign);
  let pair = rotary_pair(i, params.rotary) + vec2u(t * params.stride + head * params.head_size);
  let a = x[pair.x];
  let b = x[pair.y];
  x[pair.x] = a * turn.x - b * turn.y;
  x[pair.y] = a * turn.y + b * turn.x;
}
