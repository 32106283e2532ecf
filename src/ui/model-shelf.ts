import { css, html, nothing } from 'lit';
import type { ShelfModel } from '../node/index.ts';
import { formatBytes, formatCount, formatParameters } from './format.ts';
import { NodeElement } from './node-element.ts';
import { saveFile } from './save-file.ts';
import { strings } from './strings.ts';
import './problem-note.ts';

const STATE_WORDS = {
  absent: 'Not on this device',
  partial: 'Partly on this device',
  downloading: 'Downloading',
  held: 'On this device',
  loaded: 'On the GPU',
} satisfies Record<ShelfModel['state'], string>;

/** What is offered, what this device holds, where its bytes came from, and how to be rid of it. */
export class ModelShelf extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      article {
        margin-bottom: 0.75rem;
      }
      h3 {
        overflow-wrap: anywhere;
      }
      .facts {
        margin: 0.25rem 0 0.75rem;
      }
    `,
  ];

  #confirming: string | undefined;

  override render() {
    const { models, storage } = this.snapshot;
    return html`
      <h2>Models</h2>
      ${models.length === 0 ? html`<p>${strings.noModels}</p>` : models.map((model) => this.#card(model))}
      ${
        storage
          ? html`<p class="soft figures">
              ${formatBytes(storage.usedBytes)} of ${formatBytes(storage.quotaBytes)} that the browser allows.
              ${storage.isPersistent ? '' : 'The browser may delete models when the disk runs short.'}
            </p>`
          : nothing
      }
    `;
  }

  #card(model: ShelfModel) {
    const sources = model.fromPeersBytes + model.fromWebSeedBytes > 0;
    return html`
      <article class="card" data-root=${model.root} data-state=${model.state}>
        <div class="row">
          <h3 class="grow">${model.name}</h3>
          <span class="soft">${STATE_WORDS[model.state]}</span>
        </div>
        <p class="soft facts figures">
          ${formatParameters(model.parameters)} parameters, ${model.architecture}, ${model.quantisation},
          ${formatBytes(model.sizeBytes)}, ${this.#use(model)}${model.licence ? `, ${model.licence}` : ''}
        </p>
        ${
          model.state === 'downloading' || model.state === 'partial'
            ? html`<progress
                  aria-label="Download of ${model.name}"
                  max=${model.sizeBytes}
                  value=${model.heldBytes}
                ></progress>
                <p class="soft figures">
                  ${formatBytes(model.heldBytes)} of ${formatBytes(model.sizeBytes)},
                  ${formatBytes(model.downloadSpeed)}/s, ${formatCount(model.transferPeers)} peers
                </p>`
            : nothing
        }
        ${
          sources
            ? html`<p class="figures" data-testid="sources">
                ${strings.tiles.fromPeers} ${formatBytes(model.fromPeersBytes)} · ${strings.tiles.fromWebSeed}
                ${formatBytes(model.fromWebSeedBytes)} · ${strings.tiles.uploaded} ${formatBytes(model.uploadedBytes)}
              </p>`
            : nothing
        }
        <div class="row">${this.#actions(model)}</div>
        <problem-note .problem=${model.problem}></problem-note>
      </article>
    `;
  }

  #use({ adapter, contextTokens }: ShelfModel): string {
    if (!adapter) return strings.shelf.reads(formatCount(contextTokens));
    const base = this.snapshot.models.find(({ root }) => root === adapter.base);
    return strings.shelf.changes(base?.name ?? strings.shelf.unknownBase, adapter.rank);
  }

  #actions(model: ShelfModel) {
    if (this.#confirming === model.root) {
      return html`<span>Delete ${formatBytes(model.heldBytes)} from this device?</span>
        <button @click=${() => this.#confirm(undefined)}>Keep</button>
        <button
          @click=${() => {
            this.#confirm(undefined);
            void this.node.deleteModel(model.root);
          }}
        >
          Delete
        </button>`;
    }
    const missing = model.sizeBytes - model.heldBytes;
    return html`
      ${
        model.state === 'absent' || model.state === 'partial'
          ? html`<button class="primary" @click=${() => void this.node.download(model.root)}>
              Download ${formatBytes(missing)}
            </button>`
          : nothing
      }
      ${
        model.state === 'downloading'
          ? html`<button @click=${() => void this.node.cancelDownload(model.root)}>Stop download</button>`
          : nothing
      }
      ${
        model.state === 'held' || model.state === 'loaded'
          ? html`<button @click=${() => void this.#save(model)}>Save as file</button>`
          : nothing
      }
      ${
        model.state === 'held' || model.state === 'partial'
          ? html`<button @click=${() => this.#confirm(model.root)}>Delete</button>`
          : nothing
      }
    `;
  }

  #confirm(root: string | undefined) {
    this.#confirming = root;
    this.requestUpdate();
  }

  async #save(model: ShelfModel) {
    const stream = await this.node.exportModel(model.root);
    saveFile(model.name, await new Response(stream).blob());
  }
}

customElements.define('model-shelf', ModelShelf);
