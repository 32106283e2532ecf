import { css, html, nothing } from 'lit';
import { watchArrivals } from './arrivals.ts';
import { receive } from './inbox.ts';
import { NodeElement } from './node-element.ts';
import { holdScreenWhile } from './screen-wake.ts';
import { showWorkBadge } from './work-badge.ts';
import { words } from './words/words.ts';
import './node-status.ts';
import './contribute-panel.ts';
import './model-shelf.ts';
import './batch-desk.ts';
import './chat-box.ts';
import './event-log.ts';
import './gpu-bench.ts';
import './update-note.ts';

const SECTIONS = ['contribute', 'models', 'batch', 'chat', 'studio', 'activity', 'settings'] as const;
/** Reached by a link at the foot, or as /bench. */
const HIDDEN_SECTIONS = ['bench'] as const;
type Section = (typeof SECTIONS)[number] | (typeof HIDDEN_SECTIONS)[number];

function sectionOfAddress(): Section {
  return [...SECTIONS, ...HIDDEN_SECTIONS].find((section) => `#${section}` === location.hash) ?? 'contribute';
}

/** The page: who we are, what this device is doing, and one section at a time. */
export class StarlingApp extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      header,
      nav,
      main,
      footer {
        max-width: 64rem;
        margin: 0 auto;
        padding: 0 var(--space);
      }
      header {
        padding-top: 1.25rem;
        padding-bottom: 0.75rem;
      }
      h1 {
        font-size: 1.5rem;
        line-height: 1.2;
        margin: 0;
        display: flex;
        gap: 0.6rem;
        align-items: center;
      }
      h1 img {
        width: 36px;
        height: 36px;
      }
      nav {
        display: flex;
        flex-wrap: wrap;
        gap: 0.25rem;
        border-bottom: 1px solid var(--line);
      }
      nav a {
        padding: 0.5rem 0.75rem;
        color: var(--ink-soft);
        text-decoration: none;
        border-bottom: 3px solid transparent;
        border-radius: 6px 6px 0 0;
      }
      nav a[aria-current] {
        color: var(--ink);
        font-weight: 600;
        border-bottom-color: var(--accent);
      }
      main {
        padding-top: 1.25rem;
        padding-bottom: 2rem;
      }
      footer {
        padding-bottom: 2rem;
        font-size: 0.875rem;
      }
    `,
  ];

  #section: Section = sectionOfAddress();

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener('hashchange', this.#follow);
    void this.node.readOffer();
    watchArrivals((file) => receive(file));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener('hashchange', this.#follow);
  }

  readonly #follow = () => {
    this.#section = sectionOfAddress();
    this.requestUpdate();
  };

  protected override updated(): void {
    showWorkBadge(this.snapshot);
    holdScreenWhile(this.snapshot.phase === 'serving');
  }

  override render() {
    return html`
      <header class="row">
        <h1 class="grow"><img src="/icon.svg" alt="" />${words().title}</h1>
        <node-status></node-status>
      </header>
      <nav aria-label=${words().sectionsLabel}>
        ${SECTIONS.map(
          (section) =>
            html`<a href="#${section}" aria-current=${section === this.#section ? 'page' : nothing}
              >${words().sections[section]}</a
            >`,
        )}
      </nav>
      <main><update-note></update-note>${this.#sectionElement()}</main>
      <footer class="soft">${words().footer} <a href="#bench">${words().bench.title}</a></footer>
    `;
  }

  #sectionElement() {
    switch (this.#section) {
      case 'contribute':
        return html`<contribute-panel></contribute-panel>`;
      case 'models':
        return html`<model-shelf></model-shelf>`;
      case 'batch':
        return html`<batch-desk></batch-desk>`;
      case 'chat':
        return html`<chat-box></chat-box>`;
      case 'studio':
        void import('./studio-page.ts');
        return html`<studio-page></studio-page>`;
      case 'activity':
        void import('./history-view.ts');
        return html`<history-view></history-view><event-log></event-log>`;
      case 'settings':
        void import('./settings-page.ts');
        return html`<settings-page></settings-page>`;
      case 'bench':
        return html`<gpu-bench></gpu-bench>`;
      default:
        return this.#section satisfies never;
    }
  }
}

customElements.define('starling-app', StarlingApp);
