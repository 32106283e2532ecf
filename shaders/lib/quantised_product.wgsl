// What the products of quantised rows share: W [n, k4 * 4] in a GGUF type (weight_*.wgsl), x: (groups, K) and y: (groups,
// Y) of `cols`, the values of one group's columns; a tile is the sums of 4 rows.
struct MatmulParams {
  n: u32,
  k4: u32,
  y_stride: u32,
  y_row0: u32,
  half_base: u32,
}

struct Tile {
  a: cols,
  b: cols,
  c: cols,
  d: cols,
}

@group(0) @binding(0) var<uniform> params: MatmulParams;
@group(0) @binding(1) var<storage, read> weights: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<cols>;
@group(0) @binding(3) var<storage, read_write> y: array<cols>;
