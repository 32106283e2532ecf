/** A stream of uniform 32-bit integers. */
export interface Random {
  /** Uniform in [0, 2^32). */
  u32(): number;
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
}

/**
 * Deterministic generator for shuffles, tests and generated models; not for secrets.
 * splitmix32: a Weyl sequence through the `lowbias32`-style finaliser (Steele, Lea, Flood 2014; constants by C. Wellons).
 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const u32 = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  return {
    u32,
    uniform: () => u32() / 0x1_0000_0000,
    below: (bound) => Math.floor((u32() / 0x1_0000_0000) * bound),
  };
}

/** Fisher–Yates: a new array in an order that `random` decides. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const swap = out[i] as T;
    out[i] = out[j] as T;
    out[j] = swap;
  }
  return out;
}
