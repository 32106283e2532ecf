// Codes of a matrix in NF4, and the largest magnitude of each block of 64: code = how many thresholds lie below
// w / absmax, so that a tie takes the lower code. weights: rows in any format (weight_*.wgsl) of whole runs of 32.
// codes: (blocks, 8) words, the first code of a byte in its high half; absmax: (blocks). Runs beyond the last count as zeros.
// Dispatch over blocks invocations. Source: Dettmers et al. 2023 (QLoRA).
struct TrainQuantiseNf4Params {
  blocks: u32,
  runs: u32,
  k4: u32,
  half_base: u32,
}

const THRESHOLDS = array<f32, 15>(
  -0.8480963706970215, -0.6106328964233398, -0.4599952697753906, -0.33967941999435425, -0.23460739850997925,
  -0.13791173696517944, -0.045525018125772476, 0.03979014977812767, 0.120255246758461, 0.2035212516784668,
  0.2920137643814087, 0.3893125355243683, 0.5016634464263916, 0.6427869200706482, 0.8614784479141235,
);

@group(0) @binding(0) var<uniform> params: TrainQuantiseNf4Params;
@group(0) @binding(1) var<storage, read> weights: array<u32>;
@group(0) @binding(2) var<storage, read_write> codes: array<u32>;
@group(0) @binding(3) var<storage, read_write> absmax: array<f32>;

fn weight4(run: u32, j: u32) -> vec4f {
  let runs_of_row = params.k4 / 8u;
  let at = min(run, params.runs - 1u);
  return select(vec4f(), run_weight4(load_run(at / runs_of_row, at % runs_of_row), j), run < params.runs);
}

fn code_of(ratio: f32) -> u32 {
  var code = 0u;
  for (var i = 0u; i < 15u; i++) {
    code += select(0u, 1u, ratio > THRESHOLDS[i]);
  }
  return code;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  if (index >= params.blocks) {
    return;
  }
  var top = 0.0;
  for (var i = 0u; i < 16u; i++) {
    let w = abs(weight4(index * 2u + i / 8u, i % 8u));
    top = max(top, max(max(w.x, w.y), max(w.z, w.w)));
  }
  let inverse = 1.0 / max(top, 1.0e-37);
  for (var i = 0u; i < 8u; i++) {
    var word = 0u;
    for (var j = 0u; j < 8u; j++) {
      let at = i * 8u + j;
      let w = weight4(index * 2u + at / 32u, (at % 32u) / 4u)[at % 4u];
      // Byte j / 2, its high half first.
      word |= code_of(w * inverse) << (8u * (j / 2u) + 4u * (1u - j % 2u));
    }
    codes[index * 8u + i] = word;
  }
  absmax[index] = top;
}
