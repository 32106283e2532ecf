import { halfBits, halfToNumber } from '../../base/half.ts';
import { kvHeadBytes, type KvType } from '../model/kv-type.ts';
import { keptReference, stepReference } from '../model/kv-type.reference.ts';
import { PAGE_TOKENS } from '../model/run-state.ts';

type Part = 'keys' | 'values';

/** A cache as bytes, read and written a head at a time: the layout once more, from its description. */
export function kvCells(type: KvType, size: number, kvHeads: number, pages: number) {
  const bytes = new Uint8Array(pages * PAGE_TOKENS * kvHeads * kvHeadBytes(type, size));
  const view = new DataView(bytes.buffer);
  const width = { f32: 4, f16: 2, int8: 1 }[type];
  const roomBytes = PAGE_TOKENS * kvHeadBytes(type, size);
  /** Byte of dimension d of the head of position i in a page. */
  const at = (part: Part, place: number, i: number, d: number) => {
    const quad = part === 'keys' ? (d >> 2) * PAGE_TOKENS + i : i * (size / 4) + (d >> 2);
    return place * roomBytes + (4 * quad + (d & 3)) * width;
  };
  const stepAt = (place: number, i: number) => place * roomBytes + PAGE_TOKENS * size + 4 * i;
  return {
    bytes,
    at,
    get(part: Part, place: number, i: number): number[] {
      const step = type === 'int8' ? view.getFloat32(stepAt(place, i), true) : 1;
      return Array.from({ length: size }, (_, d) => {
        const byte = at(part, place, i, d);
        if (type === 'f32') return view.getFloat32(byte, true);
        return type === 'f16' ? halfToNumber(view.getUint16(byte, true)) : step * view.getInt8(byte);
      });
    },
    set(part: Part, place: number, i: number, head: ArrayLike<number>): void {
      const step = stepReference(head);
      const kept = keptReference(type, head);
      if (type === 'int8') view.setFloat32(stepAt(place, i), step, true);
      for (let d = 0; d < size; d++) {
        const byte = at(part, place, i, d);
        const v = head[d] ?? 0;
        if (type === 'f32') view.setFloat32(byte, v, true);
        else if (type === 'f16') view.setUint16(byte, halfBits(v), true);
        else view.setInt8(byte, Math.round((kept[d] ?? 0) / step));
      }
    },
  };
}
