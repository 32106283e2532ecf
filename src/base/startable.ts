/** Anything that holds something open between `start` and `stop`. Both may be called twice without harm. */
export interface Startable {
  start(): Promise<void>;
  /** Ends everything that `start` began, within a bounded time, and never rejects because of a peer. */
  stop(): Promise<void>;
}
