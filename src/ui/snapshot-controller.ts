import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { NodeSnapshot, StarlingNode } from '../node/index.ts';

/** Redraws its element when the node changes, at most once a frame (Lit batches), and never polls. */
export class SnapshotController implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #node: () => StarlingNode;
  #unsubscribe: (() => void) | undefined;

  constructor(host: ReactiveControllerHost, node: () => StarlingNode) {
    this.#host = host;
    this.#node = node;
    host.addController(this);
  }

  get value(): NodeSnapshot {
    return this.#node().snapshot();
  }

  hostConnected(): void {
    this.#unsubscribe = this.#node().onChange(() => this.#host.requestUpdate());
  }

  hostDisconnected(): void {
    this.#unsubscribe?.();
  }
}
