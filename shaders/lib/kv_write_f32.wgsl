// A cache of f32, written at once. keys: (pages, kv_heads, D / 4, 16, 4); values: (pages, kv_heads, 16, D).
@group(0) @binding(7) var<storage, read_write> keys: array<f32>;
@group(0) @binding(8) var<storage, read_write> values: array<f32>;

// Takes dimension d of the key or value of row m.
fn stage(m: u32, h: u32, d: u32, v: f32) {
  let base = head_place(m, h) * PAGE * params.head_size;
  let in_page = rows[m].z % PAGE;
  if (is_key(h)) {
    keys[base + 4u * (in_page + PAGE * (d / 4u)) + d % 4u] = v;
  } else {
    values[base + in_page * params.head_size + d] = v;
  }
}

// Ends a key or value, all of whose dimensions were staged by the lanes of this workgroup.
fn store_staged(m: u32, h: u32, lane: u32) {}
