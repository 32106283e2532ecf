import { LitElement } from 'lit';
import { onLanguage } from './words/words.ts';

/** An element that shows sentences: drawn anew when the language changes. */
export abstract class WordedElement extends LitElement {
  #unsubscribe: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unsubscribe = onLanguage(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unsubscribe?.();
  }
}
