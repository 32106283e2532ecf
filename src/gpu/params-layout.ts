import type { Bytes } from '../base/bytes.ts';
import { present } from '../base/invariant.ts';

/** Fields of a kernel's uniform struct in struct order; all are 4 bytes wide, so offsets are 0, 4, 8 … */
export type ParamsLayout = Readonly<Record<string, 'u32' | 'f32'>>;

/** A value for every field. */
export type ParamsOf<Layout extends ParamsLayout> = { readonly [Field in keyof Layout]: number };

/** The struct's bytes, padded to 16 as uniform buffers want. @throws {InvariantError} if a field is missing */
export function encodeParams<Layout extends ParamsLayout>(layout: Layout, values: ParamsOf<Layout>): Bytes {
  const fields = Object.entries(layout);
  const bytes = new Uint8Array(Math.max(16, Math.ceil(fields.length / 4) * 16));
  const view = new DataView(bytes.buffer);
  for (const [i, [name, type]] of fields.entries()) {
    const value = present(values[name], `parameter ${name}`);
    if (type === 'u32') view.setUint32(4 * i, value, true);
    else view.setFloat32(4 * i, value, true);
  }
  return bytes;
}
