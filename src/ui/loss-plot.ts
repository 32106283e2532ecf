import { formatDecimal } from './format.ts';
import { PlotElement } from './plot-element.ts';
import { words } from './words/words.ts';

interface Point {
  readonly step: number;
  readonly loss: number;
}

/** Loss of each step as a line, held-out loss as dots; in words for those who do not see it. */
export class LossPlot extends PlotElement {
  static override properties = { curve: { attribute: false }, evaluations: { attribute: false } };

  declare curve: readonly Point[];
  declare evaluations: readonly Point[];

  protected override describe() {
    const [first, last] = [this.evaluations[0], this.evaluations.at(-1)];
    const { plot, plotted } = words().studio;
    return first && last ? plotted(formatDecimal(first.loss, 3), formatDecimal(last.loss, 3)) : plot;
  }

  protected override data(): [number[], (number | null)[], (number | null)[]] {
    const heldOut = new Map(this.evaluations.map(({ step, loss }) => [step, loss]));
    const losses = new Map(this.curve.map(({ step, loss }) => [step, loss]));
    const steps = [...new Set([...heldOut.keys(), ...losses.keys()])].toSorted((a, b) => a - b);
    return [steps, steps.map((step) => losses.get(step) ?? null), steps.map((step) => heldOut.get(step) ?? null)];
  }

  protected override options() {
    return {
      scales: { x: { time: false } },
      axes: [this.axis(), this.axis()],
      series: [
        { label: words().studio.step },
        { label: words().studio.loss, stroke: this.colour('--accent'), width: 2, spanGaps: true },
        {
          label: words().studio.heldOut,
          stroke: this.colour('--ink'),
          width: 1,
          dash: [4, 4],
          spanGaps: true,
          points: { show: true, size: 8 },
        },
      ],
    };
  }
}

customElements.define('loss-plot', LossPlot);
