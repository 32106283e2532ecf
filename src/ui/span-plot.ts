import { PlotElement } from './plot-element.ts';

/** Lines over time: `values[i]` of each belongs to `times[i]`. */
export interface Line {
  readonly label: string;
  readonly values: readonly number[];
}

const SHORTEST_SECONDS = 600;
/** Lines are told apart by their dashes too, not by colour alone. */
const DASHES = [[], [8, 4], [2, 4]];
const COLOURS = ['--accent', '--ink', '--good'];

/** Amounts over time as lines; the words for it and the table are its owner's. */
export class SpanPlot extends PlotElement {
  static override properties = { times: { attribute: false }, lines: { attribute: false }, label: { type: String } };

  /** Seconds since the Unix epoch, rising. */
  declare times: readonly number[];
  declare lines: readonly Line[];
  declare label: string;

  protected override describe() {
    return this.label;
  }

  protected override data(): [number[], ...number[][]] {
    return [[...this.times], ...this.lines.map(({ values }) => [...values])];
  }

  #span(): [first: number, last: number] {
    const first = this.times[0] ?? 0;
    return [first, Math.max(this.times.at(-1) ?? 0, first + SHORTEST_SECONDS)];
  }

  protected override options() {
    return {
      axes: [this.axis(), { ...this.axis(), size: 64 }],
      // By itself the plot draws one moment alone in a span of years.
      scales: { x: { range: () => this.#span() } },
      series: [
        {},
        ...this.lines.map(({ label }, index) => ({
          label,
          stroke: this.colour(COLOURS[index % COLOURS.length] ?? '--ink'),
          dash: DASHES[index % DASHES.length] ?? [],
          width: 2,
          points: { show: this.times.length < 4 },
        })),
      ],
    };
  }
}

customElements.define('span-plot', SpanPlot);
