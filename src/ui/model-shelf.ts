import { css, html, nothing } from 'lit';
import { problemOf, type Problem, type ShelfModel } from '../node/index.ts';
import { formatBytes, formatCount, formatParameters, formatPeer } from './format.ts';
import { inbox } from './inbox.ts';
import { NodeElement } from './node-element.ts';
import { saveFile } from './save-file.ts';
import { words } from './words/words.ts';
import './problem-note.ts';

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
  #refused: { readonly root: string; readonly problem: Problem } | undefined;
  #taking = '';
  #problem: Problem | undefined;
  #stopWatching: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    const take = () => void this.#take(inbox.takeModel());
    this.#stopWatching = inbox.onChange(take);
    take();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopWatching?.();
  }

  override render() {
    const { models, storage } = this.snapshot;
    return html`
      <h2>${words().sections.models}</h2>
      ${models.length === 0 ? html`<p>${words().noModels}</p>` : models.map((model) => this.#card(model))}
      <div class="row">
        <button @click=${() => this.renderRoot.querySelector('input')?.click()}>${words().shelf.fromFile}</button>
        <input
          type="file"
          class="visually-hidden"
          tabindex="-1"
          aria-label=${words().shelf.file}
          accept=".gguf"
          @change=${({ target }: Event) => {
            const input = target as HTMLInputElement;
            void this.#take(input.files?.[0]);
            input.value = '';
          }}
        />
        <span role="status">${this.#taking}</span>
      </div>
      <problem-note .problem=${this.#problem}></problem-note>
      ${
        storage
          ? html`<p class="soft figures">
              ${words().shelf.room(formatBytes(storage.usedBytes), formatBytes(storage.quotaBytes))}
              ${storage.isPersistent ? nothing : words().shelf.mayGo}
            </p>`
          : nothing
      }
    `;
  }

  async #take(file: File | undefined) {
    if (!file) return;
    const text = words().shelf;
    this.#problem = undefined;
    this.#taking = text.taking(file.name);
    this.requestUpdate();
    try {
      await this.node.takeModelFile(file);
      this.#taking = text.taken(file.name);
    } catch (error) {
      this.#taking = '';
      this.#problem = problemOf(error);
    }
    this.requestUpdate();
  }

  #card(model: ShelfModel) {
    const text = words().shelf;
    const sources = model.fromPeersBytes + model.fromWebSeedBytes > 0;
    return html`
      <article class="card" data-root=${model.root} data-state=${model.state}>
        <div class="row">
          <h3 class="grow">${model.name}</h3>
          <span class="soft">${text.state[model.state]}</span>
        </div>
        <p class="soft facts figures">
          ${[
            text.parameters(formatParameters(model.parameters)),
            model.architecture,
            model.quantisation,
            formatBytes(model.sizeBytes),
            this.#use(model),
            ...(model.licence ? [model.licence] : []),
            ...this.#origin(model),
          ].join(', ')}
        </p>
        ${
          model.state === 'downloading' || model.state === 'partial'
            ? html`<progress
                  aria-label=${text.downloadOf(model.name)}
                  max=${model.sizeBytes}
                  value=${model.heldBytes}
                ></progress>
                <p class="soft figures">
                  ${text.arriving(
                    formatBytes(model.heldBytes),
                    formatBytes(model.sizeBytes),
                    formatBytes(model.downloadSpeed),
                    model.transferPeers,
                  )}
                </p>`
            : nothing
        }
        ${
          sources
            ? html`<p class="figures" data-testid="sources">
                ${words().tiles.fromPeers} ${formatBytes(model.fromPeersBytes)} · ${words().tiles.fromWebSeed}
                ${formatBytes(model.fromWebSeedBytes)} · ${words().tiles.uploaded} ${formatBytes(model.uploadedBytes)}
              </p>`
            : nothing
        }
        <div class="row">${this.#actions(model)}</div>
        <problem-note
          .problem=${this.#refused?.root === model.root ? this.#refused.problem : model.problem}
        ></problem-note>
      </article>
    `;
  }

  #use({ adapter, contextTokens }: ShelfModel): string {
    if (!adapter) return words().shelf.reads(formatCount(contextTokens));
    const base = this.snapshot.models.find(({ root }) => root === adapter.base);
    return words().shelf.changes(base?.name ?? words().shelf.unknownBase, adapter.rank);
  }

  /** What it goes on from, and who made it where that was not the operator. */
  #origin({ adapter, author }: ShelfModel): string[] {
    const text = words().shelf;
    const { models, self } = this.snapshot;
    const parents = (adapter?.parents ?? []).map(
      ({ root: parent }) => models.find(({ root }) => root === parent)?.name ?? text.unknownAdapter,
    );
    const made = author === undefined ? [] : [author === self ? text.madeHere : text.madeBy(formatPeer(author))];
    return [...parents.map((name) => text.continues(name)), ...made];
  }

  /** What was made here stays here until its person says otherwise. */
  #sharing(model: ShelfModel) {
    const text = words().shelf;
    const { self } = this.snapshot;
    if (!model.adapter || model.state !== 'held' || self === undefined || model.author !== self) return nothing;
    return model.isShared
      ? html`<span class="soft" data-testid="shared">${text.isShared}</span>
          <button @click=${() => void this.node.withdrawAdapter(model.root)}>${text.withdraw}</button>`
      : html`<button title=${text.shareHint} @click=${() => void this.#share(model)}>${text.share}</button>`;
  }

  async #share(model: ShelfModel) {
    this.#refused = undefined;
    try {
      await this.node.shareAdapter(model.root);
    } catch (error) {
      this.#refused = { root: model.root, problem: problemOf(error) };
    }
    this.requestUpdate();
  }

  #actions(model: ShelfModel) {
    const text = words().shelf;
    if (this.#confirming === model.root) {
      return html`<span>${text.confirm(formatBytes(model.heldBytes))}</span>
        <button @click=${() => this.#confirm(undefined)}>${text.keep}</button>
        <button
          @click=${() => {
            this.#confirm(undefined);
            void this.node.deleteModel(model.root);
          }}
        >
          ${text.delete}
        </button>`;
    }
    const missing = model.sizeBytes - model.heldBytes;
    return html`
      ${
        model.state === 'absent' || model.state === 'partial'
          ? html`<button class="primary" @click=${() => void this.node.download(model.root)}>
              ${text.download(formatBytes(missing))}
            </button>`
          : nothing
      }
      ${
        model.state === 'downloading'
          ? html`<button @click=${() => void this.node.cancelDownload(model.root)}>${text.stopDownload}</button>`
          : nothing
      }
      ${
        model.state === 'held' || model.state === 'loaded'
          ? html`<button @click=${() => void this.#save(model)}>${text.save}</button>`
          : nothing
      }
      ${this.#sharing(model)}
      ${
        model.state === 'held' || model.state === 'partial'
          ? html`<button @click=${() => this.#confirm(model.root)}>${text.delete}</button>`
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
