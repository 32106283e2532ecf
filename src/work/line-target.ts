import type { AdapterRoot, ModelRoot } from '../base/branded.ts';
import type { CompletionRequest } from './completion-body.ts';
import { shown, type LineFaultCode } from './line-fault.ts';

/** An adapter that a batch may name. */
export interface KnownAdapter {
  readonly root: AdapterRoot;
  /** The model that it changes. */
  readonly base: ModelRoot;
}

/** Who knows what names mean on this device. */
export interface NameComponents {
  /** The model that a batch means by `name`; undefined if none. */
  readonly resolveModel: (name: string) => ModelRoot | undefined;
  /** The adapter that a batch means by `name`; undefined if none. */
  readonly resolveAdapter?: ((name: string) => KnownAdapter | undefined) | undefined;
}

/** What a line is to be computed with. */
export interface LineTarget {
  readonly model: ModelRoot;
  readonly adapter: AdapterRoot | undefined;
}

interface TargetFault {
  readonly code: LineFaultCode;
  readonly message: string;
  readonly param: string;
}

/**
 * What a line asks for: a model; one as the adapter in `adapter` changes it; or an adapter in the model's place, as
 * servers of many adapters name them.
 *
 * @param usual name of the adapter for lines that name none
 */
export function resolveTarget(
  { resolveModel, resolveAdapter }: NameComponents,
  request: Pick<CompletionRequest, 'model' | 'adapter'>,
  usual: string | undefined,
): LineTarget | TargetFault {
  const named = resolveAdapter?.(request.model);
  const model = resolveModel(request.model) ?? named?.base;
  if (model === undefined) {
    const message = `work: no model ${shown(request.model)} here; use a name from the shelf`;
    return { code: 'unknown-model', message, param: 'model' };
  }
  const wanted = request.adapter ?? (named ? undefined : usual);
  if (wanted === undefined) return { model, adapter: named?.root };
  const adapter = resolveAdapter?.(wanted);
  if (!adapter) {
    const message = `work: no adapter ${shown(wanted)} here; use a name from the shelf`;
    return { code: 'unknown-adapter', message, param: 'adapter' };
  }
  if (adapter.base !== model) {
    const message = `work: adapter ${shown(wanted)} changes another model than ${shown(request.model)}; name its own`;
    return { code: 'adapter-mismatch', message, param: 'adapter' };
  }
  return { model, adapter: adapter.root };
}
