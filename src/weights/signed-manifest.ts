import type { ModelRoot } from '../base/branded.ts';
import { equalBytes, type Bytes } from '../base/bytes.ts';
import {
  manifest as manifestSchema,
  MAX_MANIFEST_BYTES,
  openEnvelope,
  sealEnvelope,
  type Manifest,
  type Signer,
} from '../protocol/index.ts';
import { WeightsError } from './errors.ts';
import { merkleRoot } from './merkle.ts';

const DOMAIN = 'starling/manifest/1';
// Shown to people and used as a file name: no folders, no control characters, no hidden files.
// oxlint-disable-next-line no-control-regex
const BAD_NAME = /[/\\\u0000-\u001f\u007f]|^\./;

export interface OpenedManifest {
  readonly manifest: Manifest;
  /** Ed25519 public key of the publisher, 32 bytes. */
  readonly author: Bytes;
}

/** Signs a manifest; the result is what travels and what is stored. */
export function sealManifest(signer: Signer, manifest: Manifest): Bytes {
  return sealEnvelope(signer, DOMAIN, manifest);
}

/**
 * Opens a signed manifest and believes none of its sums: the root is recomputed, sizes must add up, the header must end
 * where a piece ends, and the name must be a plain file name.
 *
 * @param expected the root that was asked for and the key that must have signed, where the caller knows them
 * @throws {ProtocolError} for bytes that are no signed manifest
 * @throws {WeightsError} `manifest-invalid` for a manifest that contradicts itself or what was asked for
 */
export function openManifest(
  bytes: Uint8Array,
  expected: { readonly root?: ModelRoot; readonly author?: Uint8Array } = {},
): OpenedManifest {
  const { author, body } = openEnvelope(DOMAIN, manifestSchema, bytes, MAX_MANIFEST_BYTES);
  checkManifest(body);
  if (expected.root !== undefined && body.root !== expected.root) {
    throw invalid(`manifest is of model ${body.root}, asked for ${expected.root}`);
  }
  if (expected.author && !equalBytes(author, expected.author)) throw invalid('manifest is signed by somebody else');
  return { manifest: body, author };
}

/** @throws {WeightsError} `manifest-invalid` if its sums, names or root contradict each other */
export function checkManifest(manifest: Manifest): void {
  const { hashes, sizes, sizeBytes, headerBytes, name, root } = manifest;
  if (hashes.byteLength !== 32 * sizes.length) {
    throw invalid(`manifest has ${hashes.byteLength / 32} hashes for ${sizes.length} pieces`);
  }
  let sum = 0;
  let hasHeaderEnd = false;
  for (const size of sizes) {
    sum += size;
    if (sum === headerBytes) hasHeaderEnd = true;
  }
  if (sum !== sizeBytes) throw invalid(`manifest's pieces add up to ${sum} bytes, ${sizeBytes} claimed`);
  if (!hasHeaderEnd) throw invalid(`manifest's header of ${headerBytes} bytes does not end where a piece ends`);
  if (BAD_NAME.test(name)) throw invalid('manifest names a file with a folder or control characters');
  if (merkleRoot(hashes) !== root) throw invalid(`manifest's pieces do not hash to its root ${root}`);
}

function invalid(message: string): WeightsError {
  return new WeightsError('manifest-invalid', `${message}; ask another operator for this model`);
}
