import type { PieceHash } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import { WeightsError } from './errors.ts';
import { piecesWithin, type ModelPiece } from './model-pieces.ts';
import type { PartialStore } from './partial-store.ts';
import type { PieceStore } from './piece-store.ts';

interface AssemblerComponents {
  readonly pieces: PieceStore;
  readonly partials: PartialStore;
}

interface AssemblerInit {
  readonly model: readonly ModelPiece[];
  /** Hex. */
  readonly infoHash: string;
  readonly chunkBytes: number;
  /** A content piece was stored and checked. */
  readonly onPiece?: (piece: ModelPiece) => void;
}

/**
 * Turns a torrent's chunks, which lie on a grid, into content pieces, which lie at tensor boundaries, and reads the grid
 * back out of both. No second copy is kept: a chunk is deleted as soon as the pieces that it touches are stored.
 *
 * Memory is one content piece (4 MiB) and one chunk a call.
 */
export class PieceAssembler {
  readonly #init: AssemblerInit;
  readonly #stores: AssemblerComponents;
  readonly #sizeBytes: number;
  readonly #stored = new Set<PieceHash>();
  readonly #waiting = new Set<number>();
  readonly #assembling = new Map<number, Promise<void>>();

  private constructor(init: AssemblerInit, stores: AssemblerComponents) {
    this.#init = init;
    this.#stores = stores;
    this.#sizeBytes = init.model.at(-1)?.end ?? 0;
  }

  /** Learns from both stores what is there already, and finishes pieces that a closed tab left ready. */
  static async open(init: AssemblerInit, stores: AssemblerComponents): Promise<PieceAssembler> {
    const assembler = new PieceAssembler(init, stores);
    await assembler.#recall();
    return assembler;
  }

  get chunkCount(): number {
    return Math.ceil(this.#sizeBytes / this.#init.chunkBytes);
  }

  hasPiece(piece: ModelPiece): boolean {
    return this.#stored.has(piece.hash);
  }

  /** True if the chunk's bytes can be read: it waits, or every piece that it touches is stored. */
  hasChunk(chunk: number): boolean {
    return this.#waiting.has(chunk) || this.#piecesOf(chunk).every((piece) => this.hasPiece(piece));
  }

  /** Bytes of chunks that need not be fetched any more. */
  get verifiedBytes(): number {
    let bytes = 0;
    for (let chunk = 0; chunk < this.chunkCount; chunk++) if (this.hasChunk(chunk)) bytes += this.#chunkLength(chunk);
    return bytes;
  }

  /**
   * Keeps a chunk whose SHA-1 was checked, and stores every content piece that is complete with it.
   * @throws {WeightsError} `hash-mismatch` if torrent and manifest disagree, `quota-exceeded`, `store-failed`
   */
  async putChunk(chunk: number, bytes: Bytes): Promise<void> {
    if (this.hasChunk(chunk)) return;
    await this.#stores.partials.put(this.#init.infoHash, chunk, bytes);
    this.#waiting.add(chunk);
    for (const piece of this.#piecesOf(chunk)) await this.#assembleIfReady(piece);
  }

  /** @throws {WeightsError} `piece-missing` if these bytes are not here yet */
  async readChunk(chunk: number, offset = 0, length = this.#chunkLength(chunk) - offset): Promise<Bytes> {
    if (this.#waiting.has(chunk)) {
      const bytes = await this.#stores.partials.read(this.#init.infoHash, chunk, offset, offset + length);
      if (bytes) return bytes;
    }
    const start = chunk * this.#init.chunkBytes + offset;
    const out = new Uint8Array(length);
    for (const piece of piecesWithin(this.#init.model, start, start + length)) {
      if (!this.hasPiece(piece)) {
        throw new WeightsError('piece-missing', `chunk ${chunk} is not complete yet`, { name: piece.hash });
      }
      const from = Math.max(start, piece.start);
      const to = Math.min(start + length, piece.end);
      out.set(await this.#stores.pieces.slice(piece.hash, from - piece.start, to - piece.start), from - start);
    }
    return out;
  }

  async #recall(): Promise<void> {
    const { model, infoHash } = this.#init;
    for (const hash of await this.#stores.pieces.has(model.map(({ hash }) => hash))) this.#stored.add(hash);
    for (const chunk of await this.#stores.partials.list(infoHash)) {
      if (chunk >= 0 && chunk < this.chunkCount) this.#waiting.add(chunk);
    }
    for (const piece of model) await this.#assembleIfReady(piece);
    await this.#forgetChunks([...this.#waiting]);
  }

  /** One assembly of a piece at a time; a second caller waits for the first. */
  async #assembleIfReady(piece: ModelPiece): Promise<void> {
    if (this.hasPiece(piece)) return;
    const running = this.#assembling.get(piece.index);
    if (running) return running;
    const chunks = this.#chunksOf(piece);
    if (!chunks.every((chunk) => this.#waiting.has(chunk))) return;
    const assembly = this.#assemble(piece, chunks).finally(() => this.#assembling.delete(piece.index));
    this.#assembling.set(piece.index, assembly);
    return assembly;
  }

  async #assemble(piece: ModelPiece, chunks: readonly number[]): Promise<void> {
    const { infoHash, chunkBytes, onPiece } = this.#init;
    const out = new Uint8Array(piece.end - piece.start);
    for (const chunk of chunks) {
      const base = chunk * chunkBytes;
      const from = Math.max(piece.start, base);
      const to = Math.min(piece.end, base + chunkBytes);
      const bytes = await this.#stores.partials.read(infoHash, chunk, from - base, to - base);
      if (bytes?.byteLength !== to - from) return void this.#waiting.delete(chunk);
      out.set(bytes, from - piece.start);
    }
    await this.#putPiece(piece, out, chunks);
    this.#stored.add(piece.hash);
    onPiece?.(piece);
    await this.#forgetChunks(chunks);
  }

  async #putPiece(piece: ModelPiece, bytes: Bytes, chunks: readonly number[]): Promise<void> {
    try {
      await this.#stores.pieces.put(piece.hash, bytes);
    } catch (error) {
      // A damaged chunk on the disk would fail for ever: forget what went into the piece, so that it is fetched again.
      if (error instanceof WeightsError && error.code === 'hash-mismatch') {
        for (const chunk of chunks) this.#waiting.delete(chunk);
        await this.#stores.partials.delete(this.#init.infoHash, chunks);
      }
      throw error;
    }
  }

  /** Deletes those of `chunks` whose bytes are all in stored pieces now. */
  async #forgetChunks(chunks: readonly number[]): Promise<void> {
    const done = chunks.filter((chunk) => this.#piecesOf(chunk).every((piece) => this.hasPiece(piece)));
    if (done.length === 0) return;
    for (const chunk of done) this.#waiting.delete(chunk);
    await this.#stores.partials.delete(this.#init.infoHash, done);
  }

  #chunkLength(chunk: number): number {
    const { chunkBytes } = this.#init;
    return Math.min(chunkBytes, this.#sizeBytes - chunk * chunkBytes);
  }

  #piecesOf(chunk: number): readonly ModelPiece[] {
    const start = chunk * this.#init.chunkBytes;
    return piecesWithin(this.#init.model, start, start + this.#chunkLength(chunk));
  }

  #chunksOf(piece: ModelPiece): readonly number[] {
    const first = Math.floor(piece.start / this.#init.chunkBytes);
    const last = Math.floor((piece.end - 1) / this.#init.chunkBytes);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  }
}
