import type { Sampling } from '../engine-api.ts';
import type { DrawPlace } from './sample-token.ts';

/** The oracle of `sampleToken`: the same definition, told slowly, with big integers for the generator. */
export function sampleTokenReference(logits: Float32Array, sampling: Sampling, place: DrawPlace): number {
  const byLogit = Array.from(logits, (logit, id) => ({ id, logit })).toSorted(
    (a, b) => b.logit - a.logit || a.id - b.id,
  );
  if (sampling.temperature === 0) return byLogit[0]?.id ?? 0;
  let kept = sampling.topK > 0 ? byLogit.slice(0, sampling.topK) : byLogit;
  if (sampling.topP < 1) {
    const top = (kept[0]?.logit ?? 0) / sampling.temperature;
    const masses = kept.map(({ logit }) => Math.exp(logit / sampling.temperature - top));
    const whole = masses.reduce((a, b) => a + b, 0);
    let sum = 0;
    const enough = masses.findIndex((mass) => (sum += mass) >= sampling.topP * whole);
    kept = kept.slice(0, enough < 0 ? kept.length : enough + 1);
  }
  const scored = kept.map(({ id, logit }) => {
    const word =
      philoxReference(
        [id >>> 2, place.position, place.record % 2 ** 32, Math.floor(place.record / 2 ** 32)],
        [sampling.seed, 0x53544152],
      )[id % 4] ?? 0;
    const uniform = (Math.floor(word / 256) + 0.5) / 2 ** 24;
    return { id, score: logit / sampling.temperature - Math.log(-Math.log(uniform)) };
  });
  return scored.toSorted((a, b) => b.score - a.score || a.id - b.id)[0]?.id ?? 0;
}

/** Philox4x32-10 as its paper writes it. */
export function philoxReference(counter: readonly number[], key: readonly number[]): number[] {
  const u32 = (value: bigint) => value & 0xffffffffn;
  let [c0 = 0n, c1 = 0n, c2 = 0n, c3 = 0n] = counter.map(BigInt);
  let [k0 = 0n, k1 = 0n] = key.map(BigInt);
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, u32(p1), (p0 >> 32n) ^ c3 ^ k1, u32(p0)];
    [k0, k1] = [u32(k0 + 0x9e3779b9n), u32(k1 + 0xbb67ae85n)];
  }
  return [c0, c1, c2, c3].map(Number);
}
