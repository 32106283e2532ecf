// Blocks of 32 inputs of a row, rounded once for all products that read them: x = step * code, where the step is a 127th of
// the block's greatest number and a code the nearest int8, ties to even (as ggml rounds the inputs of its Q8_0 products,
// but with a step of f32). x: (groups, K, COLS); codes: (groups, K / 32, 10, COLS), of each block 8 words of four codes, the
// bits of its step, and the sum of its codes, for weights whose codes have an offset.
// Dispatch (ceil(rows * K / 32 / 64), 1, 1), a lane a block of a row; rows up to the next whole group are rounded from what
// lies there, and nothing reads them.
struct RoundParams {
  blocks: u32,
}

override COLS: u32 = 1;
const LARGEST_CODE = 127.0;
// Of a block of zeros.
const LEAST = 1.0e-30;
const BLOCK_WORDS = 10u;

@group(0) @binding(0) var<uniform> params: RoundParams;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> codes: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = id.x / params.blocks;
  let run = id.x % params.blocks;
  let index = (m / COLS) * params.blocks + run;
  let source = index * 32u * COLS + m % COLS;
  let to = index * BLOCK_WORDS * COLS + m % COLS;
  if (to + 9u * COLS >= arrayLength(&codes) || source + 31u * COLS >= arrayLength(&x)) {
    return;
  }
  var largest = LEAST;
  for (var i = 0u; i < 32u; i++) {
    largest = max(largest, abs(x[source + i * COLS]));
  }
  let step = largest * (1.0 / LARGEST_CODE);
  var sum = 0;
  for (var j = 0u; j < 8u; j++) {
    let at = source + 4u * j * COLS;
    let v = vec4f(x[at], x[at + COLS], x[at + 2u * COLS], x[at + 3u * COLS]);
    let four = pack4xI8(vec4i(clamp(round(v / step), vec4f(-LARGEST_CODE), vec4f(LARGEST_CODE))));
    codes[to + j * COLS] = four;
    sum += dot4I8Packed(four, 0x01010101u);
  }
  codes[to + 8u * COLS] = bitcast<u32>(step);
  codes[to + 9u * COLS] = bitcast<u32>(sum);
}
