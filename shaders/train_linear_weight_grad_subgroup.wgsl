// The product of train_linear_weight_grad by subgroups of SG lanes: a subgroup makes 32 rows of SG vectors of weights. Each
// lane holds the inputs of one vector and a part of the gradients of the 32 outputs, which the others get from it.
// Parameters and bindings as in train_linear_weight_grad; T is a multiple of 8. All lanes stay together.
// Dispatch (ceil(ceil(n / 32) * ceil(k4 / SG) / (64 / SG)), 1, 1).
// Gradient vectors that a lane holds: together 8 vectors, the 32 outputs, of STEPS rows.
const HELD = max(1u, 8u / SG);
const STEPS = max(1u, SG / 8u);

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let lane = local % SG;
  let strips = (params.k4 + SG - 1u) / SG;
  let tile = (group.y * groups.x + group.x) * (64u / SG) + local / SG;
  let n = (tile / strips) * 32u;
  let column = (tile % strips) * SG + lane;
  let x_column = params.x_col4 + min(column, params.k4 - 1u);
  let last = params.dy_col4 + (params.n - 1u) / 4u;
  var held: array<u32, HELD>;
  for (var i = 0u; i < HELD; i++) {
    held[i] = (lane / 8u) * params.dy_stride4 + min(params.dy_col4 + n / 4u + (i * SG + lane) % 8u, last);
  }
  var s: array<vec4f, 32>;
  for (var t = 0u; t < params.rows; t += STEPS) {
    var g: array<vec4f, HELD>;
    for (var i = 0u; i < HELD; i++) {
      g[i] = dy[held[i] + t * params.dy_stride4];
    }
    for (var step = 0u; step < STEPS; step++) {
      let v = x[(t + step) * params.x_stride4 + x_column];
      let g0 = subgroupShuffle(g[0u / SG], step * 8u + 0u % SG);
      s[0] += g0.x * v;
      s[1] += g0.y * v;
      s[2] += g0.z * v;
      s[3] += g0.w * v;
      let g1 = subgroupShuffle(g[1u / SG], step * 8u + 1u % SG);
      s[4] += g1.x * v;
      s[5] += g1.y * v;
      s[6] += g1.z * v;
      s[7] += g1.w * v;
      let g2 = subgroupShuffle(g[2u / SG], step * 8u + 2u % SG);
      s[8] += g2.x * v;
      s[9] += g2.y * v;
      s[10] += g2.z * v;
      s[11] += g2.w * v;
      let g3 = subgroupShuffle(g[3u / SG], step * 8u + 3u % SG);
      s[12] += g3.x * v;
      s[13] += g3.y * v;
      s[14] += g3.z * v;
      s[15] += g3.w * v;
      let g4 = subgroupShuffle(g[4u / SG], step * 8u + 4u % SG);
      s[16] += g4.x * v;
      s[17] += g4.y * v;
      s[18] += g4.z * v;
      s[19] += g4.w * v;
      let g5 = subgroupShuffle(g[5u / SG], step * 8u + 5u % SG);
      s[20] += g5.x * v;
      s[21] += g5.y * v;
      s[22] += g5.z * v;
      s[23] += g5.w * v;
      let g6 = subgroupShuffle(g[6u / SG], step * 8u + 6u % SG);
      s[24] += g6.x * v;
      s[25] += g6.y * v;
      s[26] += g6.z * v;
      s[27] += g6.w * v;
      let g7 = subgroupShuffle(g[7u / SG], step * 8u + 7u % SG);
      s[28] += g7.x * v;
      s[29] += g7.y * v;
      s[30] += g7.z * v;
      s[31] += g7.w * v;
    }
  }
  for (var i = 0u; i < 32u; i++) {
    finish(n + i, column, s[i]);
  }
}
