import { css, html, nothing } from 'lit';
import type { Consent, Duty, NodeSnapshot, ShelfModel } from '../node/index.ts';
import { formatBytes, formatCount, formatPeer, formatSpeed } from './format.ts';
import { NodeElement } from './node-element.ts';
import { words } from './words/words.ts';
import './consent-sheet.ts';
import './limits-form.ts';
import './problem-note.ts';
import './swarm-map.ts';

/** Problems of this GPU with this model. */
const TOO_LARGE = new Set(['engine/out-of-memory', 'gpu/out-of-memory', 'gpu/limits-too-low', 'node/limits-too-low']);

/** The way in, and then what this device is doing for others. */
export class ContributePanel extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      .tiles {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr));
        gap: 0.75rem;
        margin: 1rem 0;
      }
      .tile {
        display: flex;
        flex-direction: column;
        justify-content: space-between;
      }
      .tile strong {
        display: block;
        font-size: 1.5rem;
        line-height: 1.2;
      }
      .lead {
        font-size: 1.375rem;
        line-height: 1.35;
        max-width: 32ch;
      }
      ul {
        padding-left: 1.25rem;
      }
    `,
  ];

  #asking = false;
  /** What the person agreed to last. */
  #consent: Consent | undefined;

  #ask(open: boolean) {
    this.#asking = open;
    this.requestUpdate();
  }

  override render() {
    const { phase, problem } = this.snapshot;
    const models = this.bases;
    const isIdle = phase === 'off' || phase === 'connected';
    return html`
      ${isIdle ? this.#invitation() : nothing}
      ${
        phase === 'elsewhere'
          ? html`<p class="lead">${words().elsewhere}</p>
              <p>${words().oneTab}</p>
              <button class="primary" @click=${() => void this.node.takeOver()}>${words().takeOver}</button>`
          : nothing
      }
      ${phase === 'starting' ? this.#progress() : nothing}
      ${phase === 'serving' || phase === 'paused' || phase === 'stopping' ? this.#live() : nothing}
      ${this.snapshot.peers.length > 0 ? this.#around() : nothing}
      <problem-note .problem=${problem}></problem-note>
      ${isIdle && problem && TOO_LARGE.has(problem.code) ? this.#smaller() : nothing}
      <consent-sheet
        ?open=${this.#asking && models.length > 0}
        @consent-closed=${() => this.#ask(false)}
        @consent-given=${({ detail }: CustomEvent<Consent>) => this.#begin(detail)}
      ></consent-sheet>
    `;
  }

  #invitation() {
    const models = this.bases;
    return html`
      <p class="lead">${words().tagline}</p>
      <p>
        <button class="primary" ?disabled=${models.length === 0} @click=${() => this.#ask(true)}>
          ${words().contribute}
        </button>
      </p>
      <p class="soft">${models.length === 0 ? words().noModels : words().nothingYet}</p>
    `;
  }

  #begin(consent: Consent) {
    this.#consent = consent;
    void this.node.contribute(consent);
  }

  /** A GPU that is too weak for one model may well do for another. */
  #smaller() {
    const consent = this.#consent;
    const tried = this.bases.find(({ root }) => root === consent?.model);
    const smaller = this.bases
      .filter(({ sizeBytes }) => sizeBytes < (tried?.sizeBytes ?? 0))
      .reduce<ShelfModel | undefined>(
        (best, model) => (best && best.sizeBytes > model.sizeBytes ? best : model),
        undefined,
      );
    if (!consent || !smaller) return nothing;
    const label = words().smaller(smaller.name, formatBytes(smaller.sizeBytes));
    return html`<p>
      <button @click=${() => this.#begin({ ...consent, model: smaller.root, atMs: Date.now() })}>${label}</button>
    </p>`;
  }

  #progress() {
    const { step } = this.snapshot;
    if (!step) return html`<p>${words().phase.starting}…</p>`;
    const share = step.totalBytes > 0 ? step.doneBytes / step.totalBytes : undefined;
    return html`
      <h2 id="step">${words().step[step.name]}</h2>
      <progress aria-labelledby="step" max="1" value=${share ?? nothing}></progress>
      <p class="soft figures">
        ${step.totalBytes > 0 ? words().progress(formatBytes(step.doneBytes), formatBytes(step.totalBytes)) : nothing}
      </p>
    `;
  }

  #live() {
    const view = this.snapshot;
    const text = words();
    const model = view.models.find(({ root }) => root === view.servingModel);
    const gpu = view.device?.description || view.device?.architecture || view.device?.vendor;
    const tile = (label: string, value: string, id: string) =>
      html`<div class="card tile"><span class="soft">${label}</span><strong data-testid=${id}>${value}</strong></div>`;
    return html`
      <h2>${headline(view)}</h2>
      ${view.isOtherTab ? html`<p>${words().otherTab}</p>` : nothing}
      <p class="soft">
        ${text.on(model?.name ?? '', gpu || text.thisGpu, formatBytes(view.gpuBytes))}
        ${view.relayConnected ? nothing : text.noRelay}
      </p>
      ${view.device?.isSoftware ? html`<p class="soft" data-testid="software">${text.software}</p>` : nothing}
      <div class="tiles figures">
        ${tile(words().tiles.speed, formatSpeed(view.tokensPerSecond), 'speed')}
        ${tile(words().tiles.served, formatCount(view.tokensServed), 'tokens')}
        ${tile(words().tiles.records, formatCount(view.recordsServed), 'records')}
        ${tile(words().tiles.people, formatCount(view.requestersServed), 'requesters')}
        ${tile(words().tiles.peers, formatCount(view.peers.length), 'peers')}
        ${tile(words().tiles.uploaded, formatBytes(model?.uploadedBytes ?? 0), 'uploaded')}
      </div>
      <h3>${words().limits.title}</h3>
      ${view.duty ? html`<p data-testid="duty" data-cause=${view.duty.limitedBy}>${dutyText(view.duty)}</p>` : nothing}
      <limits-form></limits-form>
    `;
  }

  #around() {
    const text = words();
    return html`<h3>${text.around}</h3>
      <swarm-map></swarm-map>
      <ul class="figures">
        ${this.snapshot.peers.map(
          (peer) =>
            html`<li>
              ${formatPeer(peer.id)}
              <span class="soft"
                >${text.link[peer.link]}${
                  peer.models.length > 0 ? `, ${text.sharesAt(formatSpeed(peer.tokensPerSecond))}` : ''
                }</span
              >
            </li>`,
        )}
      </ul>`;
  }
}

function dutyText({ share, limitedBy, isRecovering }: Duty): string {
  const { now, causes, recovering } = words().limits;
  return [now(Math.round(share * 100)), causes[limitedBy], isRecovering ? recovering : ''].filter(Boolean).join(' ');
}

function headline({ phase, duty, runningSequences, recordsServed }: NodeSnapshot): string {
  if (phase !== 'serving') return words().phase[phase];
  if (duty?.share === 0) return words().resting;
  if (runningSequences > 0) return words().helping;
  return recordsServed > 0 ? words().idleAgain : words().idle;
}

customElements.define('contribute-panel', ContributePanel);
