// The product of train_linear_input_grad by subgroups of SG lanes: a subgroup makes 32 rows of SG vectors of inputs. Each
// lane holds the weights of one vector and a part of the rows' gradients, which the others get from it.
// Parameters and bindings as in train_linear_input_grad. All lanes stay together: only stores are guarded.
// Dispatch (ceil(ceil(T / 32) * ceil(k4 / SG) / (64 / SG)), 1, 1).
// Gradient vectors that a lane holds.
const HELD = max(1u, 32u / SG);

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let lane = local % SG;
  let strips = (params.k4 + SG - 1u) / SG;
  let tile = (group.y * groups.x + group.x) * (64u / SG) + local / SG;
  let row = (tile / strips) * 32u;
  let column = (tile % strips) * SG + lane;
  let run = min(column, params.k4 - 1u) / 8u;
  let j = column % 8u;
  var held: array<u32, HELD>;
  for (var i = 0u; i < HELD; i++) {
    held[i] = min(row + (i * SG + lane) % 32u, params.rows - 1u) * params.dy_stride4 + params.dy_col4;
  }
  var s: array<vec4f, 32>;
  for (var n = 0u; n < params.n; n += 4u) {
    let w = mat4x4f(
      run_weight4(run_of(n, run), j),
      run_weight4(run_of(n + 1u, run), j),
      run_weight4(run_of(n + 2u, run), j),
      run_weight4(run_of(n + 3u, run), j),
    );
    var g: array<vec4f, HELD>;
    for (var i = 0u; i < HELD; i++) {
      g[i] = dy[held[i] + n / 4u];
    }
    s[0] += w * subgroupBroadcast(g[0u / SG], 0u % SG);
    s[1] += w * subgroupBroadcast(g[1u / SG], 1u % SG);
    s[2] += w * subgroupBroadcast(g[2u / SG], 2u % SG);
    s[3] += w * subgroupBroadcast(g[3u / SG], 3u % SG);
    s[4] += w * subgroupBroadcast(g[4u / SG], 4u % SG);
    s[5] += w * subgroupBroadcast(g[5u / SG], 5u % SG);
    s[6] += w * subgroupBroadcast(g[6u / SG], 6u % SG);
    s[7] += w * subgroupBroadcast(g[7u / SG], 7u % SG);
    s[8] += w * subgroupBroadcast(g[8u / SG], 8u % SG);
    s[9] += w * subgroupBroadcast(g[9u / SG], 9u % SG);
    s[10] += w * subgroupBroadcast(g[10u / SG], 10u % SG);
    s[11] += w * subgroupBroadcast(g[11u / SG], 11u % SG);
    s[12] += w * subgroupBroadcast(g[12u / SG], 12u % SG);
    s[13] += w * subgroupBroadcast(g[13u / SG], 13u % SG);
    s[14] += w * subgroupBroadcast(g[14u / SG], 14u % SG);
    s[15] += w * subgroupBroadcast(g[15u / SG], 15u % SG);
    s[16] += w * subgroupBroadcast(g[16u / SG], 16u % SG);
    s[17] += w * subgroupBroadcast(g[17u / SG], 17u % SG);
    s[18] += w * subgroupBroadcast(g[18u / SG], 18u % SG);
    s[19] += w * subgroupBroadcast(g[19u / SG], 19u % SG);
    s[20] += w * subgroupBroadcast(g[20u / SG], 20u % SG);
    s[21] += w * subgroupBroadcast(g[21u / SG], 21u % SG);
    s[22] += w * subgroupBroadcast(g[22u / SG], 22u % SG);
    s[23] += w * subgroupBroadcast(g[23u / SG], 23u % SG);
    s[24] += w * subgroupBroadcast(g[24u / SG], 24u % SG);
    s[25] += w * subgroupBroadcast(g[25u / SG], 25u % SG);
    s[26] += w * subgroupBroadcast(g[26u / SG], 26u % SG);
    s[27] += w * subgroupBroadcast(g[27u / SG], 27u % SG);
    s[28] += w * subgroupBroadcast(g[28u / SG], 28u % SG);
    s[29] += w * subgroupBroadcast(g[29u / SG], 29u % SG);
    s[30] += w * subgroupBroadcast(g[30u / SG], 30u % SG);
    s[31] += w * subgroupBroadcast(g[31u / SG], 31u % SG);
  }
  for (var i = 0u; i < 32u; i++) {
    finish(row + i, column, s[i]);
  }
}
