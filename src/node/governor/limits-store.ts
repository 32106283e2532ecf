import { integer, literal, maxValue, minValue, number, object, optional, pipe, safeParse, variant } from 'valibot';
import { PRESETS, type Limits } from './signals.ts';

const KEY = 'starling-limits';
const hour = pipe(number(), integer(), minValue(0), maxValue(23));

const schema = object({
  share: pipe(number(), minValue(0.05), maxValue(1)),
  when: variant('kind', [
    object({ kind: literal('always') }),
    object({ kind: literal('plugged-in') }),
    object({ kind: literal('idle') }),
    object({ kind: literal('hours'), from: hour, to: hour }),
  ]),
  dataCapBytes: optional(pipe(number(), integer(), minValue(0))),
});

/** What a text says, or the balanced preset where it says nothing sound. */
export function parseLimits(text: string | null): Limits {
  let value: unknown;
  try {
    value = JSON.parse(text ?? 'null');
  } catch {
    value = undefined;
  }
  const parsed = safeParse(schema, value);
  return parsed.success ? { ...parsed.output, dataCapBytes: parsed.output.dataCapBytes } : PRESETS.balanced;
}

/** The person's limits on this device, kept from visit to visit; written only when the person changes them. */
export function readLimits(): Limits {
  try {
    return parseLimits(localStorage.getItem(KEY));
  } catch {
    return PRESETS.balanced; // Storage is forbidden here.
  }
}

export function saveLimits(limits: Limits): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(limits));
  } catch {
    // It holds for this visit.
  }
}
