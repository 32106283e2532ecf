import { concatBytes, type Bytes } from '../../base/bytes.ts';

/** SHA-1 (as BEP 3 demands) over a grid of equal chunks, fed with parts of any size. */
export class ChunkHasher {
  readonly #chunk: Bytes;
  readonly #hashes: Uint8Array[] = [];
  #filled = 0;

  /** @param chunkBytes memory taken */
  constructor(chunkBytes: number) {
    this.#chunk = new Uint8Array(chunkBytes);
  }

  /** One call at a time. */
  async push(part: Uint8Array): Promise<void> {
    let taken = 0;
    while (taken < part.byteLength) {
      const count = Math.min(part.byteLength - taken, this.#chunk.byteLength - this.#filled);
      this.#chunk.set(part.subarray(taken, taken + count), this.#filled);
      this.#filled += count;
      taken += count;
      if (this.#filled === this.#chunk.byteLength) await this.#flush();
    }
  }

  /** (N, 20) bytes; the last chunk may be short. */
  async finish(): Promise<Bytes> {
    if (this.#filled > 0) await this.#flush();
    return concatBytes(this.#hashes);
  }

  async #flush(): Promise<void> {
    const digest = await crypto.subtle.digest('SHA-1', this.#chunk.subarray(0, this.#filled));
    this.#hashes.push(new Uint8Array(digest));
    this.#filled = 0;
  }
}
