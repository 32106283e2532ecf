import type { ModelRunner } from '../model/model-runner.ts';
import { PageBook } from './page-book.ts';

/** What sequences run on until its device is lost. */
export interface Stage {
  readonly runner: ModelRunner;
  /** The error to report if a step fails: a lost device's own where that is why. */
  readonly explain: (error: unknown) => Promise<unknown>;
}

/** A stage with its pages and slots. */
export interface OpenStage extends Stage {
  readonly book: PageBook;
  readonly freeSlots: number[];
  /** Sequences that may run at once: fewer than there are slots after a step found no memory. */
  mayRun: number;
  isLooping: boolean;
}

/** All pages and slots are free. */
export function openStage({ runner, explain }: Stage, sharesPrefixes: boolean): OpenStage {
  const { slots, pages } = runner.state.limits;
  return {
    runner,
    explain,
    book: new PageBook({ pages, sharesPrefixes, setPages: runner.setPages }),
    freeSlots: Array.from({ length: slots }, (_, i) => slots - 1 - i),
    mayRun: slots,
    isLooping: false,
  };
}
