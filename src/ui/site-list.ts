import { css, html, nothing } from 'lit';
import { openSiteGrants, type SiteGrant } from '../node/index.ts';
import { formatDay } from './format.ts';
import { WordedElement } from './worded-element.ts';
import { sharedStyles } from './shared-styles.ts';
import { words } from './words/words.ts';

const READ_PERIOD_MS = 2_000;

/** Other people's sites that this device agreed to, each with its end. */
export class SiteList extends WordedElement {
  static override styles = [
    sharedStyles,
    css`
      ul {
        list-style: none;
        padding: 0;
        display: grid;
        gap: 0.5rem;
      }
      li {
        display: flex;
        flex-wrap: wrap;
        gap: 0.5rem 1rem;
        align-items: center;
      }
      strong {
        overflow-wrap: anywhere;
      }
    `,
  ];

  readonly #sites = openSiteGrants();
  #grants: readonly SiteGrant[] = [];
  readonly #ignored = { malformed: 0, forged: 0 };
  #timer: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#read();
    this.#timer = setInterval(() => void this.#read(), READ_PERIOD_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearInterval(this.#timer);
  }

  override render() {
    const text = words().settings.sites;
    const { malformed, forged } = this.#ignored;
    return html`
      <h3>${text.title}</h3>
      <p>${text.what}</p>
      ${
        this.#grants.length === 0
          ? html`<p>${text.none}</p>`
          : html`<ul>
              ${this.#grants.map(
                (grant) =>
                  html`<li>
                    <strong>${grant.origin}</strong>
                    <span>${text.until(formatDay(grant.expiresAtMs))}</span>
                    <button aria-label=${text.endOf(grant.origin)} @click=${() => void this.#end(grant)}>
                      ${text.end}
                    </button>
                  </li>`,
              )}
            </ul>`
      }
      ${malformed > 0 ? html`<p role="status">${text.malformed(malformed)}</p>` : nothing}
      ${forged > 0 ? html`<p role="status">${text.forged(forged)}</p>` : nothing}
    `;
  }

  async #read(): Promise<void> {
    const { grants, ignored } = await this.#sites.list(Date.now()).catch(() => ({ grants: [], ignored: [] }));
    this.#grants = grants;
    for (const why of ignored) this.#ignored[why] += 1;
    this.requestUpdate();
  }

  async #end(grant: SiteGrant): Promise<void> {
    await this.#sites.revoke(grant);
    await this.#read();
  }
}

customElements.define('site-list', SiteList);
