const REPEATS = 5;

/** Milliseconds of the shortest of a few runs, after one that compiles. */
export async function fastest(run: () => Promise<void>): Promise<number> {
  await run();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i++) {
    const startMs = performance.now();
    await run();
    best = Math.min(best, performance.now() - startMs);
  }
  return best;
}

const TURNS = 8;

/** The same for each of several, in turns, for whatever else this machine does falls on all of them. */
export async function fastestInTurns(runs: readonly (() => Promise<void>)[]): Promise<number[]> {
  const best = runs.map(() => Number.POSITIVE_INFINITY);
  for (let turn = 0; turn <= TURNS; turn++) {
    for (const [i, run] of runs.entries()) {
      const startMs = performance.now();
      await run();
      // The first turn compiles.
      if (turn > 0) best[i] = Math.min(best[i] ?? 0, performance.now() - startMs);
    }
  }
  return best;
}
