import { css, html, nothing } from 'lit';
import type { LogEntry } from '../base/logger.ts';
import { formatPeer, formatTime } from './format.ts';
import { NodeElement, pageNode } from './node-element.ts';
import { saveFile } from './save-file.ts';
import { loggedAs, words } from './words/words.ts';

const KEPT = 500;
const entries: LogEntry[] = [];
let isListening = false;

function listen() {
  if (isListening) return;
  isListening = true;
  pageNode().onLog((entry) => {
    if (entry.level === 'debug') return;
    entries.unshift(entry);
    entries.length = Math.min(entries.length, KEPT);
  });
}
listen();

/** Exactly what, for those who want to know; peers and batches by the end of their names. */
function detailsOf(fields: LogEntry['fields']): string {
  const details = Object.entries(fields).map(([name, value]) =>
    name === 'peer' || name === 'job' ? formatPeer(String(value)) : `${name} ${value}`,
  );
  return details.join(', ');
}

/** What happened, newest first, in words; exportable. */
export class EventLog extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      ol {
        list-style: none;
        padding: 0;
        margin: 0.75rem 0;
      }
      li {
        padding: 0.3rem 0;
        border-bottom: 1px solid var(--line);
        overflow-wrap: anywhere;
      }
      li[data-level='warn'],
      li[data-level='error'] {
        color: var(--warn);
      }
    `,
  ];

  override render() {
    const text = words().activity;
    return html`
      <div class="row">
        <h2 class="grow">${words().sections.activity}</h2>
        <button ?disabled=${entries.length === 0} @click=${() => this.#export()}>${text.save}</button>
      </div>
      ${entries.length === 0 ? html`<p>${text.empty}</p>` : nothing}
      <ol class="figures">
        ${entries.slice(0, 200).map(
          ({ atMs, level, text, fields }) =>
            html`<li data-level=${level}>
              <span class="soft">${formatTime(atMs)}</span> ${loggedAs(text) ?? text}
              <span class="soft">${detailsOf(fields)}</span>
            </li>`,
        )}
      </ol>
    `;
  }

  #export() {
    const lines = entries.toReversed().map((entry) => JSON.stringify(entry));
    saveFile('starling-activity.jsonl', new Blob([`${lines.join('\n')}\n`], { type: 'application/jsonl' }));
  }
}

customElements.define('event-log', EventLog);
