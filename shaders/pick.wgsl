// The next token of each row of logits, by its slot's draw: greedy, or Gumbel-max within top-k and top-p (sampleToken in
// src/engine/sampler is the definition, in f64). picks[m] = (id, 1 if certain, bits of its log-probability, 0). A pick is
// certain where f32 cannot have decided otherwise than f64; the others are drawn again on the CPU.
// logits: (groups, N, COLS) f32; draws: (slots); masks: (slots, ceil(N / 32)) allowed ids; latest: (slots) last ids.
// Dispatch (rows / (WG / LANES), 1, 1), LANES lanes a row; rows that the step's list leaves out do nothing.
struct PickParams {
  n: u32,
}

struct Draw {
  temperature: f32,
  top_k: u32,
  top_p: f32,
  seed: u32,
  record: vec2u,
  // 1: wants the log-probability; 2: only ids in the slot's mask
  flags: u32,
  spare: u32,
}

override COLS: u32 = 1;
override WG: u32 = 256;
override LANES: u32 = 256;
const LOWEST = -3.0e38;
const KEEP = 0x80000000u;
const NO_ID = 0xffffffffu;
const NO_ROW = 0x7fffffffu;
// Terms summed before they join the whole, so that long sums stay exact to MASS_ERROR of their value.
const BLOCK = 64u;
const MASS_ERROR = 1.0e-4;
// Twice the error of a score near the best: division 2.5 ulp of at most 20, two logarithms 3 ulp or 2^-21 each.
const SCORE_ERROR = 1.0e-4;
const ROUNDS = 24u;

@group(0) @binding(0) var<uniform> params: PickParams;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<vec4u>;
@group(0) @binding(3) var<storage, read> draws: array<Draw>;
@group(0) @binding(4) var<storage, read> masks: array<u32>;
@group(0) @binding(5) var<storage, read_write> picks: array<vec4u>;
@group(0) @binding(6) var<storage, read_write> latest: array<u32>;

// The row that this lane works on.
struct Source {
  at: u32,
  local: u32,
  lane: u32,
  mask_at: u32,
}

fn logit(source: Source, n: u32) -> f32 {
  if (source.mask_at != NO_ID && ((masks[source.mask_at + n / 32u] >> (n % 32u)) & 1u) == 0u) {
    return LOWEST;
  }
  return logits[source.at + n * COLS];
}

// The sum of exp((logit - top) / temperature) over logits of at least `edge`.
fn mass_from(source: Source, edge: f32, top: f32, temperature: f32) -> f32 {
  var sum = 0.0;
  for (var start = source.lane; start < params.n; start += LANES * BLOCK) {
    var part = 0.0;
    for (var n = start; n < min(params.n, start + LANES * BLOCK); n += LANES) {
      let v = logit(source, n);
      if (v >= edge) {
        part += exp(max((v - top) / temperature, -80.0));
      }
    }
    sum += part;
  }
  return lanes_sum(sum, source.local);
}

// The mass of what comes before token `id` in descending order, equals by ascending id.
fn mass_before(source: Source, id: u32, top: f32, temperature: f32) -> f32 {
  let own = logit(source, id);
  var sum = 0.0;
  for (var n = source.lane; n < params.n; n += LANES) {
    let v = logit(source, n);
    if (v > own || (v == own && n < id)) {
      sum += exp(max((v - top) / temperature, -80.0));
    }
  }
  return lanes_sum(sum, source.local);
}

fn count_from(source: Source, edge: f32) -> u32 {
  var count = 0u;
  for (var n = source.lane; n < params.n; n += LANES) {
    count += select(0u, 1u, logit(source, n) >= edge);
  }
  // Exact in f32: a vocabulary has at most 2^20 tokens.
  return u32(lanes_sum(f32(count), source.local));
}

// A logit that exactly top_k logits reach; LOWEST if rounds or equals do not allow one.
fn top_k_edge(source: Source, top: f32, top_k: u32) -> f32 {
  var least = -LOWEST;
  for (var n = source.lane; n < params.n; n += LANES) {
    let v = logit(source, n);
    least = min(least, select(v, -LOWEST, v == LOWEST));
  }
  var low = -lanes_max(-least, source.local);
  if (count_from(source, low) <= top_k) {
    return low;
  }
  var high = top;
  for (var round = 0u; round < ROUNDS; round++) {
    let middle = 0.5 * (low + high);
    let count = count_from(source, middle);
    if (count == top_k) {
      return middle;
    }
    if (count > top_k) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return select(LOWEST, top, count_from(source, top) == top_k);
}

// An edge at or below the one that top-p draws: everything that it keeps reaches it.
fn top_p_edge(source: Source, top: f32, edge: f32, draw: Draw, target_mass: f32) -> f32 {
  var low = max(edge, top - 80.0 * draw.temperature);
  var high = top;
  for (var round = 0u; round < ROUNDS / 2u; round++) {
    let middle = 0.5 * (low + high);
    if (mass_from(source, middle, top, draw.temperature) >= target_mass * (1.0 + MASS_ERROR)) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let lane = lanes_lane(local);
  let m = lanes_row(group.x, local);
  let listed = rows[m].w;
  if (listed == NO_ROW) {
    return;
  }
  let row = rows[listed & ~KEEP];
  let draw = draws[row.y];
  let mask_at = select(NO_ID, row.y * ((params.n + 31u) / 32u), (draw.flags & 2u) != 0u);
  let source = Source((m / COLS) * params.n * COLS + m % COLS, local, lane, mask_at);
  var lane_top = LOWEST;
  var lane_id = NO_ID;
  for (var n = lane; n < params.n; n += LANES) {
    let v = logit(source, n);
    if (v > lane_top) {
      lane_top = v;
      lane_id = n;
    }
  }
  let top = lanes_max(lane_top, local);
  var id = lanes_min_id(select(NO_ID, lane_id, lane_top == top), local);
  var certain = true;
  if (draw.temperature > 0.0) {
    var edge = LOWEST;
    if (draw.top_k > 0u && draw.top_k < params.n) {
      edge = top_k_edge(source, top, draw.top_k);
      certain = edge != LOWEST;
    }
    var goal = 0.0;
    if (draw.top_p < 1.0) {
      goal = draw.top_p * mass_from(source, max(edge, top - 80.0 * draw.temperature), top, draw.temperature);
      edge = top_p_edge(source, top, edge, draw, goal);
    }
    var best = LOWEST;
    var second = LOWEST;
    var best_id = NO_ID;
    for (var n = lane; n < params.n; n += LANES) {
      let v = logit(source, n);
      if (v >= edge && v != LOWEST) {
        let s = max((v - top) / draw.temperature, -1.0e6) + gumbel(n, row.z + 1u, draw.record, draw.seed);
        second = max(second, min(s, best));
        if (s > best) {
          best = s;
          best_id = n;
        }
      }
    }
    let winner = lanes_max(best, local);
    id = lanes_min_id(select(NO_ID, best_id, best == winner), local);
    let loser = lanes_max(select(best, second, best_id == id), local);
    certain = certain && winner - loser > SCORE_ERROR;
    if (draw.top_p < 1.0) {
      let before = mass_before(source, id, top, draw.temperature);
      certain = certain && (before == 0.0 || before < goal * (1.0 - MASS_ERROR));
    }
  }
  var log_probability = 0.0;
  if ((draw.flags & 1u) != 0u) {
    log_probability = logit(source, id) - top - log(mass_from(source, top - 80.0, top, 1.0));
  }
  if (lane == 0u) {
    picks[m] = vec4u(id, select(0u, 1u, certain), bitcast<u32>(log_probability), 0u);
    if ((listed & KEEP) != 0u) {
      latest[row.y] = id;
    }
  }
}
