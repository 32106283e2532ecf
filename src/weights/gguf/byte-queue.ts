import { WeightsError } from '../errors.ts';
import { MAX_HEADER_BYTES } from './limits.ts';

const FIRST_CAPACITY = 4096;
/** Below this many bytes a loop over ASCII beats a call of TextDecoder. */
const SHORT_STRING_BYTES = 24;

/** Bytes that were pushed and not yet read, with little-endian reads; a read beyond `available` is our own bug. */
export class ByteQueue {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#bytes.buffer);
  #start = 0;
  #end = 0;
  #consumed = 0;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  /** Bytes that can be read now. */
  get available(): number {
    return this.#end - this.#start;
  }

  /** Bytes read so far. */
  get consumed(): number {
    return this.#consumed;
  }

  /** @throws {WeightsError} `gguf-limit` if more than MAX_HEADER_BYTES would wait to be read */
  push(chunk: Uint8Array): void {
    const size = this.available + chunk.byteLength;
    if (size > MAX_HEADER_BYTES) {
      throw new WeightsError('gguf-limit', `gguf header of over ${MAX_HEADER_BYTES} bytes refused`, {
        value: size,
        limit: MAX_HEADER_BYTES,
      });
    }
    if (this.#end + chunk.byteLength > this.#bytes.byteLength) this.#makeRoom(size);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.byteLength;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  /** A copy of the next `count` bytes, over a buffer of its own. */
  take(count: number): Uint8Array<ArrayBuffer> {
    const start = this.#advance(count);
    return this.#bytes.slice(start, start + count);
  }

  /** UTF-8; ill-formed bytes become U+FFFD, as some published vocabularies hold them. */
  text(count: number): string {
    const start = this.#advance(count);
    if (count <= SHORT_STRING_BYTES) {
      let text = '';
      for (let i = start; i < start + count; i++) {
        const byte = this.#bytes[i] ?? 0;
        if (byte > 0x7f) return this.#decoder.decode(this.#bytes.subarray(start, start + count));
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return this.#decoder.decode(this.#bytes.subarray(start, start + count));
  }

  #advance(count: number): number {
    const at = this.#start;
    this.#start += count;
    this.#consumed += count;
    return at;
  }

  /** Moves what is unread to the front of a buffer with at least twice the room, so that pushes stay linear. */
  #makeRoom(sizeBytes: number): void {
    const unread = this.#bytes.subarray(this.#start, this.#end);
    const capacity = Math.max(FIRST_CAPACITY, 2 ** Math.ceil(Math.log2(2 * sizeBytes)));
    const target = capacity === this.#bytes.byteLength ? this.#bytes : new Uint8Array(capacity);
    target.set(unread);
    this.#bytes = target;
    this.#view = new DataView(target.buffer);
    this.#end = unread.byteLength;
    this.#start = 0;
  }
}
