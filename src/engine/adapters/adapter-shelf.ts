import type { AdapterRoot } from '../../base/branded.ts';
import { EngineError } from '../errors.ts';
import type { ModelConfig } from '../model/config.ts';
import type { AdapterWeights } from './adapter-weights.ts';
import { packAdapter, type PackedAdapter } from './pack-adapter.ts';

/** An adapter that requests may name. */
export interface ShelvedAdapter {
  readonly packed: PackedAdapter;
  /** Another each time it is loaded: what was computed with other weights is never shared. */
  readonly space: string;
}

/** The adapters of one model in memory. What runs with one that is unloaded goes on with it to its end. */
export class AdapterShelf {
  readonly #config: ModelConfig;
  readonly #loaded = new Map<AdapterRoot, ShelvedAdapter>();
  /** Requests that have each. */
  readonly #users = new Map<ShelvedAdapter, number>();
  #loads = 0;

  constructor(config: ModelConfig) {
    this.#config = config;
  }

  get roots(): AdapterRoot[] {
    return [...this.#loaded.keys()];
  }

  /** All that a sequence may still need, unloaded ones included. */
  get held(): PackedAdapter[] {
    return [...new Set([...this.#loaded.values(), ...this.#users.keys()])].map(({ packed }) => packed);
  }

  /** One that is loaded already stays. @throws {EngineError} `adapter-invalid` */
  load(root: AdapterRoot, weights: AdapterWeights): PackedAdapter {
    const known = this.#loaded.get(root);
    if (known) return known.packed;
    const packed = packAdapter(weights, this.#config);
    this.#loaded.set(root, { packed, space: `${root} ${this.#loads++}` });
    return packed;
  }

  unload(root: AdapterRoot): void {
    this.#loaded.delete(root);
  }

  /** For one request, until it is released. @throws {EngineError} `adapter-not-loaded` */
  acquire(root: AdapterRoot): ShelvedAdapter {
    const adapter = this.#loaded.get(root);
    if (!adapter) {
      const name = root.slice(0, 64);
      throw new EngineError('adapter-not-loaded', `adapter ${name} is not loaded; load it first`, { name });
    }
    this.#users.set(adapter, (this.#users.get(adapter) ?? 0) + 1);
    return adapter;
  }

  release(adapter: ShelvedAdapter): void {
    const users = (this.#users.get(adapter) ?? 1) - 1;
    if (users > 0) this.#users.set(adapter, users);
    else this.#users.delete(adapter);
  }
}
