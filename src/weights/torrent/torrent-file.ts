import parseTorrent, { toTorrentFile, type ParsedTorrent } from 'parse-torrent';
import { bytesToHex, copyBytes, type Bytes } from '../../base/bytes.ts';
import type { Manifest } from '../../protocol/index.ts';
import { WeightsError } from '../errors.ts';

const MIN_CHUNK_BYTES = 16 * 1024;
const MAX_CHUNK_BYTES = 4 * 1024 * 1024;
/** 16 GiB in the smallest chunks that we make come to 256 Ki hashes of 20 bytes. */
const MAX_TORRENT_BYTES = 8 * 1024 * 1024;

/** A torrent of one file without trackers and web seeds (BEP 3): whoever adds it says where to look. */
export async function makeTorrentFile(file: {
  readonly name: string;
  readonly sizeBytes: number;
  readonly chunkBytes: number;
  /** SHA-1 of each chunk, 20 bytes each. */
  readonly chunkHashes: Uint8Array;
}): Promise<{ readonly torrent: Bytes; readonly infoHash: Bytes }> {
  const info = {
    length: file.sizeBytes,
    name: file.name,
    'piece length': file.chunkBytes,
    pieces: file.chunkHashes,
  };
  const torrent = copyBytes(toTorrentFile({ info, announce: [], urlList: [] }));
  const { infoHash } = await parseTorrent(torrent);
  return { torrent, infoHash: Uint8Array.from(infoHash.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)) };
}

/**
 * Reads a torrent file and holds it against its manifest. Trackers and web seeds that it names are dropped: a file from
 * outside must not make this tab announce itself to strangers' trackers.
 *
 * @throws {WeightsError} `torrent-invalid`
 */
export async function openTorrentFile(bytes: Uint8Array, manifest: Manifest): Promise<ParsedTorrent> {
  if (bytes.byteLength > MAX_TORRENT_BYTES) throw invalid(`has ${bytes.byteLength} bytes, limit ${MAX_TORRENT_BYTES}`);
  let parsed: ParsedTorrent;
  try {
    parsed = await parseTorrent(bytes);
  } catch (cause) {
    throw invalid('cannot be read', cause);
  }
  const { infoHash, files, length, pieceLength, pieces } = parsed;
  if (infoHash !== bytesToHex(manifest.infoHash)) throw invalid(`has info hash ${infoHash}`);
  if (files.length !== 1 || length !== manifest.sizeBytes)
    throw invalid(`is of ${files.length} files, ${length} bytes`);
  const isPowerOfTwo = Number.isInteger(pieceLength) && Number.isInteger(Math.log2(pieceLength));
  if (!isPowerOfTwo || pieceLength < MIN_CHUNK_BYTES || pieceLength > MAX_CHUNK_BYTES) {
    throw invalid(`has chunks of ${pieceLength} bytes`);
  }
  if (pieces.length !== Math.ceil(length / pieceLength)) throw invalid(`has ${pieces.length} chunk hashes`);
  parsed.announce = [];
  parsed.urlList = [];
  return parsed;
}

function invalid(message: string, cause?: unknown): WeightsError {
  return new WeightsError(
    'torrent-invalid',
    `torrent file ${message}, which is not what its manifest says; ask another operator`,
    {},
    { cause },
  );
}
