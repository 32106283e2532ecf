import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { frameStyles } from './frame-styles.ts';
import type { Session } from './session.ts';
import { strings, type Kept } from './strings.ts';
import { watchVisibility } from './watch-visibility.ts';

/** A sheet must have been seen this long before it can be agreed to: nobody agrees by a click meant for the page. */
const SEEN_MS = 500;
/** A badge that is hidden for a moment, as by a scroll, is not covered. */
const COVERED_MS = 1_500;

/** Where it is shown, what the page asks for, and where models are kept. */
export interface About {
  readonly origin: string;
  readonly maxDownloadBytes: number;
  readonly maxShare: number;
  readonly isOffer: boolean;
  readonly mayAskOthers: boolean;
  readonly kept: Kept;
}

/** The badge, the question, and what runs here. */
export class StarlingBadge extends LitElement {
  static override styles = [frameStyles];

  session: Session | undefined;
  about: About = { origin: '', maxDownloadBytes: 0, maxShare: 0, isOffer: true, mayAskOthers: false, kept: 'own' };
  #isSeen = false;
  #endWatch = () => {};
  #watched: Element | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    this.#watch();
  }

  /** What is shown now is what has to be seen: the sheet before it is agreed to, else the badge. */
  #watch(): void {
    const element = this.renderRoot.querySelector('[data-seen]') ?? undefined;
    if (element === this.#watched) return;
    this.#endWatch();
    clearTimeout(this.#timer);
    this.#watched = element;
    this.#isSeen = false;
    if (!element) return;
    const isSheet = this.session?.isSheet === true;
    const end = watchVisibility(element, (isSeen) => {
      clearTimeout(this.#timer);
      if (isSheet) {
        this.#isSeen = false;
        if (isSeen) this.#timer = setTimeout(() => this.#seen(), SEEN_MS);
        this.requestUpdate();
      } else if (isSeen) this.session?.pause('covered', false);
      else this.#timer = setTimeout(() => this.#cover(), COVERED_MS);
    });
    this.#endWatch = end;
    if (isSheet) this.renderRoot.querySelector<HTMLElement>('[data-first]')?.focus();
  }

  #seen(): void {
    this.#isSeen = true;
    this.requestUpdate();
  }

  #cover(): void {
    const { session } = this;
    if (session && !session.isSheet && session.state === 'on') session.pause('covered', true);
  }

  #agree(event: Event): void {
    if (!event.isTrusted || !this.#isSeen) return;
    const isChecked = (id: string) => this.renderRoot.querySelector<HTMLInputElement>(`#${id}`)?.checked === true;
    void this.session?.agree({
      isShared: isChecked('others'),
      asksOthers: isChecked('asks'),
      isRemembered: isChecked('remember'),
    });
  }

  override render() {
    const { session } = this;
    if (!session) return this.#badge(strings.badge.failed, 'failed', nothing);
    if (session.isSheet) return session.grant ? this.#panel(session) : this.#question();
    const { state, problem } = session;
    if (state === 'paused' && session.isPausedBy('elsewhere')) {
      const use = html`<button @click=${() => void session.useHere()}>${strings.useHere}</button>`;
      return this.#badge(strings.elsewhere, state, use, strings.problems['node/elsewhere']);
    }
    const isPaused = session.isPausedBy('person');
    const control =
      state === 'on' || state === 'paused'
        ? html`<button @click=${() => session.pause('person', !isPaused)}>
            ${isPaused ? strings.resume : strings.pause}
          </button>`
        : nothing;
    const why = problem ? (strings.problems[problem.code] ?? problem.message) : '';
    return this.#badge(strings.badge[state], state, control, why);
  }

  #badge(text: string, state: string, control: unknown, why = ''): TemplateResult {
    return html`<section class="badge" aria-label="Starling" data-seen title=${why}>
      <button class="open" data-state=${state} @click=${() => this.session?.openSheet()}>
        <span class="dot" data-state=${state}></span>${text}
      </button>
      ${control}
    </section>`;
  }

  #question(): TemplateResult {
    const { rows } = strings;
    const { origin, maxDownloadBytes, maxShare, isOffer, mayAskOthers, kept } = this.about;
    const problem = this.session?.problem;
    return html`<div class="backdrop" @keydown=${(event: KeyboardEvent) => this.#onKey(event)}>
      <section class="sheet" role="dialog" aria-modal="true" aria-labelledby="title">
        <h1 id="title">${strings.title}</h1>
        <p>${strings.intro(origin)}</p>
        ${problem ? html`<p role="status">${strings.problems[problem.code] ?? problem.message}</p>` : nothing}
        <dl>
          <dt>${rows.gives}</dt>
          <dd>${isOffer ? rows.share(Math.round(maxShare * 100)) : rows.npcOnly}</dd>
          <dt>${rows.download}</dt>
          <dd>${rows.downloadText(`${Math.round(maxDownloadBytes / 2 ** 20)} MiB`, rows.kept[kept])}</dd>
          <dt>${rows.network}</dt>
          <dd>${isOffer || mayAskOthers ? rows.networkText : rows.networkNone}</dd>
          <dt>${rows.get}</dt>
          <dd>${rows.getText}</dd>
          <dt>${rows.stop}</dt>
          <dd>${rows.stopText}</dd>
        </dl>
        ${isOffer ? html`<label><input type="checkbox" id="others" checked />${strings.others}</label>` : nothing}
        ${mayAskOthers ? html`<label><input type="checkbox" id="asks" />${strings.asksOthers}</label>` : nothing}
        ${kept === 'memory' ? nothing : html`<label><input type="checkbox" id="remember" />${strings.remember}</label>`}
        <div class="row" data-seen>
          <button data-first @click=${() => this.session?.closeSheet()}>${strings.notNow}</button>
          <button
            class="primary"
            ?disabled=${!this.#isSeen}
            title=${this.#isSeen ? '' : strings.wait}
            @click=${(event: Event) => this.#agree(event)}
          >
            ${strings.start}
          </button>
        </div>
      </section>
    </div>`;
  }

  /** What runs here and did run: for the person, and for a partner who wants to see it. */
  #panel(session: Session): TemplateResult {
    const { panel } = strings;
    const snapshot = session.snapshot();
    const duty = snapshot?.duty;
    const cause = duty ? (panel.causes[duty.limitedBy] ?? panel.otherCause) : '';
    const until = new Date(session.grant?.expiresAtMs ?? 0).toLocaleString();
    return html`<div class="backdrop" @keydown=${(event: KeyboardEvent) => this.#onKey(event)}>
      <section class="sheet" role="dialog" aria-modal="true" aria-labelledby="title">
        <h1 id="title">${strings.panelTitle}</h1>
        <dl>
          <dt>${panel.site}</dt>
          <dd>${this.about.origin}</dd>
          <dt>${panel.until}</dt>
          <dd>${until}</dd>
          <dt>${panel.doing}</dt>
          <dd data-part="state">${strings.badge[session.state]}</dd>
          <dt>${strings.rows.download}</dt>
          <dd data-part="kept">${strings.rows.kept[this.about.kept]}</dd>
          <dt>${panel.share}</dt>
          <dd>${duty ? panel.shareNow(Math.round(duty.share * 100), cause) : '–'}</dd>
          <dt>${panel.lines}</dt>
          <dd data-part="lines">${session.lines}</dd>
          <dt>${panel.requests}</dt>
          <dd>${snapshot?.recordsServed ?? 0}</dd>
          <dt>${panel.tokens}</dt>
          <dd>${snapshot?.tokensServed ?? 0}</dd>
        </dl>
        <h2>${panel.log}</h2>
        <ol tabindex="0" aria-label=${panel.log}>
          ${session.log.map(({ atMs, what }) => html`<li>${new Date(atMs).toLocaleTimeString()} ${what}</li>`)}
        </ol>
        <div class="row" data-seen>
          <button @click=${() => void this.#endAll(session)}>${strings.end}</button>
          <button class="primary" data-first @click=${() => session.closeSheet()}>${strings.close}</button>
        </div>
      </section>
    </div>`;
  }

  async #endAll(session: Session): Promise<void> {
    await session.revoke();
    session.closeSheet();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === 'Escape') this.session?.closeSheet();
  }
}

customElements.define('starling-badge', StarlingBadge);
