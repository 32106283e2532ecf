export interface TimedPause {
  /** When it ends by itself, in milliseconds since the Unix epoch. */
  readonly untilMs: number | undefined;
  /** @param forMs undefined: until its person ends it */
  begin(forMs: number | undefined): void;
  end(): void;
}

/** A pause that is over by itself, if its person said for how long. */
export function createTimedPause(onOver: () => void): TimedPause {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let untilMs: number | undefined;
  const end = () => {
    clearTimeout(timer);
    untilMs = undefined;
  };
  return {
    get untilMs() {
      return untilMs;
    },
    begin(forMs) {
      end();
      if (forMs === undefined) return;
      untilMs = Date.now() + forMs;
      timer = setTimeout(onOver, forMs);
    },
    end,
  };
}
