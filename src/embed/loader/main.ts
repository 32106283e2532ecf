import { EmbedError } from '../errors.ts';
import { createApi } from './create-api.ts';
import { readAttributes } from './read-attributes.ts';

const script = document.currentScript;
if (script instanceof HTMLScriptElement && !('Starling' in window)) {
  let attributes;
  try {
    attributes = readAttributes(script.dataset);
  } catch (error) {
    if (!(error instanceof EmbedError)) throw error;
    attributes = error;
  }
  const api = createApi(attributes, new URL(script.src).origin);
  Object.defineProperty(window, 'Starling', { value: api, enumerable: true });
  window.dispatchEvent(new Event('starling'));
}
