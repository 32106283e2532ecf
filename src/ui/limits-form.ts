import { css, html, nothing } from 'lit';
import type { Limits, When } from '../node/index.ts';
import { NodeElement } from './node-element.ts';
import { canKeepScreenOn, chooseScreenOn, keepsScreenOn } from './screen-wake.ts';
import { words } from './words/words.ts';

const KINDS = ['plugged-in', 'always', 'idle', 'hours'] as const satisfies readonly When['kind'][];
const MEGABYTE = 1_000_000;
const NIGHT = { kind: 'hours', from: 22, to: 7 } as const;

/** What the person allows: the share of the GPU's time, and when. Every change holds at once. */
export class LimitsForm extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      .grid {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr));
        gap: 0.5rem 1.5rem;
        margin: 0.5rem 0 1rem;
      }
      label {
        display: block;
        font-weight: 600;
      }
      input[type='range'] {
        accent-color: var(--accent);
        min-height: 32px;
        padding: 0;
        border: 0;
      }
      output {
        min-width: 3.5rem;
      }
      input[type='number'] {
        width: 4.5rem;
      }
      input[type='checkbox'] {
        flex: none;
        width: 24px;
        height: 24px;
        accent-color: var(--accent);
      }
      label.row {
        display: flex;
        flex-wrap: nowrap;
      }
      #data {
        width: 10rem;
      }
    `,
  ];

  override render() {
    const { share, when, dataCapBytes } = this.snapshot.limits;
    // Of the node's limits now, not of those last drawn: two fields may change between two drawings.
    const set = (change: (limits: Limits) => Partial<Limits>) => {
      const { limits } = this.snapshot;
      this.node.setLimits({ ...limits, ...change(limits) });
    };
    const percent = Math.round(share * 100);
    const text = words().limits;
    const hour = (which: 'from' | 'to', value: number) =>
      html`<label class="row">
        ${text[which]}
        <input
          type="number"
          min="0"
          max="23"
          .value=${String(value)}
          @change=${({ target }: Event) => {
            const chosen = (target as HTMLInputElement).valueAsNumber;
            if (!(chosen >= 0 && chosen <= 23)) return;
            set(({ when: now }) => (now.kind === 'hours' ? { when: { ...now, [which]: chosen } } : {}));
          }}
        />
      </label>`;
    return html`
      <div class="grid figures">
        <div>
          <label for="share">${text.share}</label>
          <div class="row">
            <input
              id="share"
              class="grow"
              type="range"
              min="5"
              max="100"
              step="5"
              .value=${String(percent)}
              aria-valuetext=${text.percent(percent)}
              @input=${({ target }: Event) => set(() => ({ share: (target as HTMLInputElement).valueAsNumber / 100 }))}
            />
            <output for="share">${text.percent(percent)}</output>
          </div>
        </div>
        <div>
          <label for="when">${text.when}</label>
          <select
            id="when"
            @change=${({ target }: Event) => {
              const kind = (target as HTMLSelectElement).value as When['kind'];
              set(() => ({ when: kind === 'hours' ? NIGHT : { kind } }));
            }}
          >
            ${KINDS.map(
              (kind) => html`<option value=${kind} ?selected=${kind === when.kind}>${text.whenKinds[kind]}</option>`,
            )}
          </select>
          ${when.kind === 'hours' ? html`<div class="row">${hour('from', when.from)} ${hour('to', when.to)}</div>` : nothing}
        </div>
        <div>
          <label for="data">${text.data}</label>
          <input
            id="data"
            type="number"
            min="1"
            .value=${dataCapBytes === undefined ? '' : String(dataCapBytes / MEGABYTE)}
            placeholder=${text.noLimit}
            @change=${({ target }: Event) => {
              const megabytes = (target as HTMLInputElement).valueAsNumber;
              set(() => ({ dataCapBytes: megabytes >= 1 ? Math.round(megabytes) * MEGABYTE : undefined }));
            }}
          />
        </div>
        ${
          canKeepScreenOn()
            ? html`<label class="row"
                ><input
                  type="checkbox"
                  .checked=${keepsScreenOn()}
                  @change=${({ target }: Event) => chooseScreenOn((target as HTMLInputElement).checked)}
                />${text.screenOn}</label
              >`
            : nothing
        }
      </div>
    `;
  }
}

customElements.define('limits-form', LimitsForm);
