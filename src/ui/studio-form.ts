import { html } from 'lit';
import type { ShelfModel, StudioChoice } from '../node/index.ts';
import { formStyles } from './form-styles.ts';
import { NodeElement } from './node-element.ts';
import { formatBytes } from './format.ts';
import { words } from './words/words.ts';

const RANKS = [4, 8, 16, 32, 64];
/** Usual for a billion parameters; smaller models bear more, by the root of how much smaller they are. */
const RATE_AT_BILLION = 2e-4;
const MAX_RATE = 0.01;
const ROW_TOKENS = [128, 256, 512, 1024];

/** What to teach whom, and how; sends `choose` with a `StudioChoice`. */
export class StudioForm extends NodeElement {
  static override styles = [...NodeElement.styles, formStyles];

  override render() {
    const { phase } = this.snapshot;
    const models = this.bases;
    const text = words().studio;
    const choice = (name: string, label: string, values: readonly number[], chosen: number) => html`
      <label
        >${label}
        <select name=${name}>
          ${values.map((value) => html`<option ?selected=${value === chosen}>${value}</option>`)}
        </select></label
      >
    `;
    return html`
      <form @submit=${(event: SubmitEvent) => void this.#choose(event)}>
        <label
          >${text.base}
          <select name="model" @change=${() => this.requestUpdate()}>
            ${models.map(
              ({ root, name, sizeBytes, heldBytes }) =>
                html`<option value=${root}>
                  ${name}${sizeBytes > heldBytes ? ` (${formatBytes(sizeBytes - heldBytes)})` : ''}
                </option>`,
            )}
          </select></label
        >
        <label
          >${text.start}
          <select name="start" @change=${() => this.requestUpdate()}>
            <option value="">${text.startNew}</option>
            ${this.#starts().map(({ root, name }) => html`<option value=${root}>${name}</option>`)}
          </select></label
        >
        <label>${text.file}<input name="file" type="file" accept=".jsonl,.txt,application/jsonl" required /></label>
        ${choice('rank', text.rank, RANKS, 8)} ${choice('batchTokens', text.rowTokens, ROW_TOKENS, 256)}
        <label>${text.epochs}<input name="epochs" type="number" min="1" max="100" value="2" required /></label>
        <label
          >${text.rate}<input
            name="rate"
            type="number"
            min="0.000001"
            max="1"
            step="any"
            .value=${usualRate(this.#chosen()?.parameters ?? 1e9)}
            required
        /></label>
        <button class="primary" ?disabled=${phase === 'elsewhere' || models.length === 0}>${text.read}</button>
      </form>
    `;
  }

  #chosen(): ShelfModel | undefined {
    const models = this.bases;
    const root = this.renderRoot.querySelector('select')?.value;
    return models.find((model) => model.root === root) ?? models[0];
  }

  /** Adapters of the chosen base, which have a rank of their own. */
  #starts(): readonly ShelfModel[] {
    const base = this.#chosen()?.root;
    return this.snapshot.models.filter(({ adapter }) => adapter?.base === base);
  }

  async #choose(event: SubmitEvent) {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const number = (name: string) => Number(data.get(name));
    const file = data.get('file') as File;
    const model = data.get('model') as ShelfModel['root'];
    const start = this.#starts().find(({ root }) => root === data.get('start'));
    const batchTokens = number('batchTokens');
    const rank = number('rank');
    const detail: StudioChoice = {
      model,
      modelName: this.snapshot.models.find(({ root }) => root === model)?.name ?? model,
      fileName: file.name,
      jsonl: await file.text(),
      settings: {
        lora: { rank, alpha: 2 * rank },
        rate: { peak: number('rate'), warmupSteps: 4 },
        epochs: number('epochs'),
        stepTokens: batchTokens,
        seed: 1,
      },
      ...(start && { start: { root: start.root, name: start.name } }),
      sizes: { batchTokens, checkpointing: batchTokens > 256, evaluateEvery: 10, checkpointEvery: 10 },
    };
    this.dispatchEvent(new CustomEvent<StudioChoice>('choose', { detail }));
  }
}

function usualRate(parameters: number): string {
  return Math.min(MAX_RATE, RATE_AT_BILLION * Math.sqrt(1e9 / Math.max(1, parameters))).toPrecision(1);
}

customElements.define('studio-form', StudioForm);
