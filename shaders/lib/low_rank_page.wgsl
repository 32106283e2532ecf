// The pages of an adapter's ranks for one layer and input, 8 ranks a page (SGMV, Chen et al. 2023; unified paging, Sheng
// et al. 2023). pool: pages of A (targets, K, 8), then B (8, N), four numbers a vec4; table: (slots, TABLE) of page ids.
const RANKS_PER_PAGE = 8u;
const MAX_PAGES = 8u;
const MAX_RANK = 64u;
const NO_PAGE = 0xffffffffu;

// The page of an adapter's ranks 8 · chunk to 8 · chunk + 7; NO_PAGE behind the last.
fn page_of(slot: u32, chunk: u32) -> u32 {
  return table[slot * params.table_stride + params.table_at + chunk];
}
