// The product of train_linear by subgroups of SG lanes: a subgroup makes 32 rows of 4 SG outputs. Each lane holds the
// weights of 4 outputs and a part of the rows' inputs, which the others get from it instead of from memory.
// Parameters and bindings as in train_linear. All lanes stay together: only stores are guarded.
// Dispatch (ceil(ceil(T / 32) * ceil(n / (4 SG)) / (64 / SG)), 1, 1).
// Input vectors that a lane holds.
const HELD = max(1u, 32u / SG);

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let lane = local % SG;
  let strips = (params.n + 4u * SG - 1u) / (4u * SG);
  let tile = (group.y * groups.x + group.x) * (64u / SG) + local / SG;
  let row = (tile / strips) * 32u;
  let n = ((tile % strips) * SG + lane) * 4u;
  var held: array<u32, HELD>;
  for (var i = 0u; i < HELD; i++) {
    held[i] = min(row + (i * SG + lane) % 32u, params.rows - 1u) * params.x_stride4 + params.x_col4;
  }
  var s: array<vec4f, 32>;
  for (var run = 0u; run * 8u < params.k4; run++) {
    let r0 = run_of(n, run);
    let r1 = run_of(n + 1u, run);
    let r2 = run_of(n + 2u, run);
    let r3 = run_of(n + 3u, run);
    let count = min(8u, params.k4 - run * 8u);
    for (var j = 0u; j < count; j++) {
      let w = mat4x4f(run_weight4(r0, j), run_weight4(r1, j), run_weight4(r2, j), run_weight4(r3, j));
      var h: array<vec4f, HELD>;
      for (var i = 0u; i < HELD; i++) {
        h[i] = x[held[i] + run * 8u + j];
      }
      s[0] += subgroupBroadcast(h[0u / SG], 0u % SG) * w;
      s[1] += subgroupBroadcast(h[1u / SG], 1u % SG) * w;
      s[2] += subgroupBroadcast(h[2u / SG], 2u % SG) * w;
      s[3] += subgroupBroadcast(h[3u / SG], 3u % SG) * w;
      s[4] += subgroupBroadcast(h[4u / SG], 4u % SG) * w;
      s[5] += subgroupBroadcast(h[5u / SG], 5u % SG) * w;
      s[6] += subgroupBroadcast(h[6u / SG], 6u % SG) * w;
      s[7] += subgroupBroadcast(h[7u / SG], 7u % SG) * w;
      s[8] += subgroupBroadcast(h[8u / SG], 8u % SG) * w;
      s[9] += subgroupBroadcast(h[9u / SG], 9u % SG) * w;
      s[10] += subgroupBroadcast(h[10u / SG], 10u % SG) * w;
      s[11] += subgroupBroadcast(h[11u / SG], 11u % SG) * w;
      s[12] += subgroupBroadcast(h[12u / SG], 12u % SG) * w;
      s[13] += subgroupBroadcast(h[13u / SG], 13u % SG) * w;
      s[14] += subgroupBroadcast(h[14u / SG], 14u % SG) * w;
      s[15] += subgroupBroadcast(h[15u / SG], 15u % SG) * w;
      s[16] += subgroupBroadcast(h[16u / SG], 16u % SG) * w;
      s[17] += subgroupBroadcast(h[17u / SG], 17u % SG) * w;
      s[18] += subgroupBroadcast(h[18u / SG], 18u % SG) * w;
      s[19] += subgroupBroadcast(h[19u / SG], 19u % SG) * w;
      s[20] += subgroupBroadcast(h[20u / SG], 20u % SG) * w;
      s[21] += subgroupBroadcast(h[21u / SG], 21u % SG) * w;
      s[22] += subgroupBroadcast(h[22u / SG], 22u % SG) * w;
      s[23] += subgroupBroadcast(h[23u / SG], 23u % SG) * w;
      s[24] += subgroupBroadcast(h[24u / SG], 24u % SG) * w;
      s[25] += subgroupBroadcast(h[25u / SG], 25u % SG) * w;
      s[26] += subgroupBroadcast(h[26u / SG], 26u % SG) * w;
      s[27] += subgroupBroadcast(h[27u / SG], 27u % SG) * w;
      s[28] += subgroupBroadcast(h[28u / SG], 28u % SG) * w;
      s[29] += subgroupBroadcast(h[29u / SG], 29u % SG) * w;
      s[30] += subgroupBroadcast(h[30u / SG], 30u % SG) * w;
      s[31] += subgroupBroadcast(h[31u / SG], 31u % SG) * w;
    }
  }
  for (var i = 0u; i < 32u; i++) {
    finish(row + i, n, s[i]);
  }
}
