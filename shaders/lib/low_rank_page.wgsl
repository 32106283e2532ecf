// The pages of an adapter's ranks for one layer and input, 8 ranks a page (SGMV, Chen et al. 2023; unified paging, Sheng
// et al. 2023), in bfloat16, two numbers a word: half of what is read, and adapters are mostly trained in it.
// pool: pages of A (targets, K / 2, 8, 2), then B (4, N, 2): the ranks of two inputs, the outputs of two ranks. table:
// (slots, TABLE) of page ids.
const RANKS_PER_PAGE = 8u;
const MAX_PAGES = 8u;
const MAX_RANK = 64u;
const NO_PAGE = 0xffffffffu;

// The page of an adapter's ranks 8 · chunk to 8 · chunk + 7; NO_PAGE behind the last.
fn page_of(slot: u32, chunk: u32) -> u32 {
  return table[slot * params.table_stride + params.table_at + chunk];
}

// The low numbers of four words, then their high ones: a bfloat16 is the high half of an f32.
fn numbers_of(words: vec4u) -> array<vec4f, 2> {
  return array(bitcast<vec4f>(words << vec4u(16u)), bitcast<vec4f>(words & vec4u(0xffff0000u)));
}
