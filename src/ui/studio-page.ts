import { css, html, nothing } from 'lit';
import { isAbort } from '../base/app-error.ts';
import { problemOf, type Problem, type Studio, type StudioChoice, type StudioView } from '../node/index.ts';
import { formatBytes, formatCount, formatDecimal, formatDuration, formatTime } from './format.ts';
import { NodeElement } from './node-element.ts';
import { saveFile } from './save-file.ts';
import { words } from './words/words.ts';
import './licence-field.ts';
import type { LicenceField } from './licence-field.ts';
import './loss-plot.ts';
import './problem-note.ts';
import './studio-form.ts';
import './studio-import.ts';
import type { ImportChoice } from './studio-import.ts';
import './token-preview.ts';

const SAMPLE_TOKENS = 48;

/** Teaches a model on this device: choose, look, measure, train, try, save. */
export class StudioPage extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      section {
        margin: 1.25rem 0;
      }
      textarea {
        width: 100%;
        min-height: 4rem;
      }
      output {
        display: block;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        margin-top: 0.75rem;
      }
      output:empty {
        display: none;
      }
    `,
  ];

  #studio: Studio | undefined;
  #stopWatching: (() => void) | undefined;
  #notice = '';
  #problem: Problem | undefined;
  #sample = '';
  #sampling: AbortController | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopWatching?.();
    this.#sampling?.abort();
  }

  override render() {
    const text = words().studio;
    const view = this.#studio?.view();
    const isEmpty = !view || view.phase === 'empty';
    return html`
      <h2>${words().sections.studio}</h2>
      <p class="soft">${text.intro}</p>
      ${
        isEmpty
          ? html`<studio-form
                @choose=${({ detail }: CustomEvent<StudioChoice>) => void this.#with((studio) => studio.prepare(detail))}
              ></studio-form>
              <section>
                <button @click=${() => void this.#with((studio) => this.#goOn(studio))}>${text.goOn}</button>
                <span role="status">${this.#notice}</span>
              </section>
              <studio-import
                @choose=${({ detail }: CustomEvent<ImportChoice>) =>
                  void this.#with((studio) => studio.importFiles(detail.files, detail.base))}
              ></studio-import>
              ${view ? this.#imported(view) : nothing}`
          : this.#run(view)
      }
      <problem-note .problem=${view?.problem ?? this.#problem}></problem-note>
      ${view ? this.#remedy(view) : nothing}
    `;
  }

  #run(view: StudioView) {
    const { phase, choice, prepared, fit } = view;
    const text = words().studio;
    return html`
      <h3>${choice?.fileName} → ${choice?.modelName}</h3>
      <p role="status" data-testid="studio-phase" data-phase=${phase}>${text.phases[phase]}</p>
      ${prepared ? html`<p class="figures">${text.facts(prepared.rows.train, prepared.rows.evaluation, formatCount(prepared.learnt), prepared.steps)}</p>` : nothing}
      ${
        prepared && view.curve.length === 0
          ? html`<section>
              <p class="soft">${text.preview}</p>
              <token-preview .rows=${prepared.preview}></token-preview>
            </section>`
          : nothing
      }
      ${
        fit
          ? html`<p class="figures" data-testid="fit">
              ${text.fit(formatBytes(fit.memory.total), formatDecimal(fit.secondsPerStep, 2), formatDuration(fit.seconds))}
            </p>`
          : nothing
      }
      ${prepared ? this.#progress(view, prepared.steps) : nothing}
      ${isStill(phase) && view.curve.length > 0 ? html`<licence-field></licence-field>` : nothing}
      <div class="row">${this.#actions(view)}</div>
      ${this.#shelved(view)} ${prepared ? this.#trial() : nothing}
    `;
  }

  #progress({ curve, evaluations, secondsPerStep, savedStep, phase }: StudioView, steps: number) {
    const text = words().studio;
    const last = curve.at(-1);
    const [before, after] = [evaluations[0], evaluations.at(-1)];
    if (!last || !before || !after) return nothing;
    const left = phase === 'training' && secondsPerStep ? formatDuration(secondsPerStep * (steps - last.step)) : '';
    return html`
      <section>
        <progress aria-label=${text.progress} max=${steps} value=${last.step}></progress>
        <p class="figures" data-testid="curve">
          ${text.at(last.step, steps, formatDecimal(last.loss, 3), formatDecimal(before.loss, 3), formatDecimal(after.loss, 3))}
          ${left ? text.left(left) : nothing} ${savedStep === undefined ? nothing : text.saved(savedStep)}
        </p>
        <loss-plot .curve=${curve} .evaluations=${evaluations}></loss-plot>
      </section>
    `;
  }

  #actions({ phase, curve }: StudioView) {
    const text = words().studio;
    const canTrain = phase === 'ready' || phase === 'paused';
    const isDone = isStill(phase) && curve.length > 0;
    const button = (isShown: boolean, label: string, run: (studio: Studio) => Promise<unknown>, kind = '') =>
      isShown ? html`<button class=${kind} @click=${() => void this.#with(run)}>${label}</button>` : nothing;
    return html`
      ${button(canTrain, curve.length > 0 ? text.trainOn : text.train, (studio) => studio.train(), 'primary')}
      ${button(canTrain, text.measure, (studio) => studio.probe())}
      ${button(phase === 'training', words().pause, (studio) => studio.pause())}
      ${button(phase === 'failed', text.goOn, (studio) => this.#goOn(studio), 'primary')}
      ${button(isDone, text.shelve, (studio) => studio.shelve(this.#licence))}
      ${button(isDone, text.saveGguf, (studio) => this.#save(studio, 'gguf'))}
      ${button(isDone, text.savePeft, (studio) => this.#save(studio, 'peft'))}
      ${button(isDone, text.saveCurve, async (studio) => saveCurve(studio.view()))}
      ${button(isStill(phase), text.discard, (studio) => studio.discard())}
    `;
  }

  #imported({ imported, shelved }: StudioView) {
    if (!imported) return nothing;
    const text = words().studio;
    return html`<section data-testid="imported">
      <h3>${imported.name} → ${imported.base.name}</h3>
      <p class="figures">${text.importFacts(imported.rank, imported.changes)}</p>
      ${imported.licence ? html`<p>${text.licence}: ${imported.licence}</p>` : html`<licence-field></licence-field>`}
      <div class="row">
        <button
          class="primary"
          ?disabled=${shelved !== undefined}
          @click=${() => void this.#with((studio) => studio.shelve(this.#licence))}
        >
          ${text.shelve}
        </button>
        <button @click=${() => void this.#with((studio) => studio.discard())}>${text.discard}</button>
      </div>
      ${this.#shelved({ shelved })} ${this.#trial()}
    </section>`;
  }

  #shelved({ shelved }: Pick<StudioView, 'shelved'>) {
    return shelved === undefined
      ? nothing
      : html`<p role="status" data-testid="shelved">${words().studio.isShelved(shelved)}</p>`;
  }

  get #licence(): string | undefined {
    return this.renderRoot.querySelector<LicenceField>('licence-field')?.value;
  }

  /** After a problem that a click can get around. */
  #remedy({ remedy }: StudioView) {
    if (!remedy) return nothing;
    const text = words().studio;
    const label =
      remedy.kind === 'smaller' ? text.smaller(remedy.batchTokens) : text.slower(formatDecimal(remedy.peak, 6));
    return html`<button
      class="primary"
      data-testid="remedy"
      @click=${() => void this.#with((studio) => studio.remedy())}
    >
      ${label}
    </button>`;
  }

  #trial() {
    const text = words().studio;
    return html`<section>
      <form @submit=${(event: SubmitEvent) => void this.#try(event)}>
        <label for="prompt">${text.tryLabel}</label>
        <textarea id="prompt" name="prompt" required></textarea>
        ${
          this.#sampling
            ? html`<button type="button" @click=${() => this.#sampling?.abort()}>${words().stop}</button>`
            : html`<button>${text.try}</button>`
        }
      </form>
      <output class="card" aria-live="polite" data-testid="sample">${this.#sample}</output>
    </section>`;
  }

  /** Opens the studio with the first click that needs it. */
  async #with(run: (studio: Studio) => Promise<unknown>) {
    this.#problem = undefined;
    this.#notice = '';
    try {
      if (!this.#studio) {
        this.#studio = await this.node.openStudio();
        this.#stopWatching = this.#studio.onChange(() => this.requestUpdate());
      }
      this.requestUpdate();
      await run(this.#studio);
    } catch (error) {
      if (!isAbort(error)) this.#problem = problemOf(error);
    }
    this.requestUpdate();
  }

  async #goOn(studio: Studio) {
    const kept = await studio.kept();
    if (!kept) {
      this.#notice = words().studio.nothingKept;
      return;
    }
    await studio.resume(kept);
    this.#notice = words().studio.keptFrom(formatTime(kept.atMs));
  }

  async #save(studio: Studio, kind: 'peft' | 'gguf') {
    for (const [name, blob] of await studio.files(kind, this.#licence)) saveFile(name, blob);
  }

  async #try(event: SubmitEvent) {
    event.preventDefault();
    const content = new FormData(event.target as HTMLFormElement).get('prompt') as string;
    const sampling = new AbortController();
    this.#sampling = sampling;
    this.#sample = '';
    await this.#with(async (studio) => {
      const trial = await studio.trial();
      if (!trial) return;
      await this.node.chat({
        model: trial.model,
        messages: [{ role: 'user', content }],
        adapter: trial.weights,
        isPlain: true,
        temperature: 0,
        maxTokens: SAMPLE_TOKENS,
        signal: sampling.signal,
        onText: (text) => {
          this.#sample += text;
          this.requestUpdate();
        },
      });
    });
    this.#sampling = undefined;
    this.requestUpdate();
  }
}

/** Nothing of the run moves. */
function isStill(phase: StudioView['phase']): boolean {
  return phase !== 'training' && phase !== 'preparing' && phase !== 'probing';
}

/** Every loss to its last digit, with what it takes to get the same again. */
function saveCurve({ choice, curve, evaluations }: StudioView): void {
  if (!choice) return;
  const { model, fileName, settings, sizes } = choice;
  const json = `${JSON.stringify({ model, fileName, settings, sizes, curve, evaluations }, null, 2)}\n`;
  saveFile(`${fileName}-curve.json`, new Blob([json], { type: 'application/json' }));
}

customElements.define('studio-page', StudioPage);
