import { css, html, svg } from 'lit';
import type { PeerView } from '../node/index.ts';
import { formatPeer, formatSpeed } from './format.ts';
import { NodeElement } from './node-element.ts';
import { words } from './words/words.ts';

const [WIDTH, HEIGHT] = [640, 300];
const [MIDDLE_X, MIDDLE_Y] = [WIDTH / 2, HEIGHT / 2];
/** More would hide each other; the list beside the picture has all of them. */
const MOST_SHOWN = 24;

/**
 * This device in the middle of the peers that it knows: lines that go from device to device are whole, those by way of
 * the meeting point are dashed, and who computes is filled.
 */
export class SwarmMap extends NodeElement {
  static override styles = [
    ...NodeElement.styles,
    css`
      svg {
        display: block;
        width: 100%;
        max-width: ${WIDTH}px;
        height: auto;
      }
      text {
        fill: var(--ink);
        font-size: 15px;
        text-anchor: middle;
      }
      text.speed {
        fill: var(--ink-soft);
        font-size: 13px;
      }
      line {
        stroke: var(--ink-soft);
        stroke-width: 1.5;
      }
      line[data-link='relayed'] {
        stroke-dasharray: 2 6;
        stroke-linecap: round;
      }
      line[data-link='none'] {
        stroke: none;
      }
      circle {
        fill: var(--ground);
        stroke: var(--ink-soft);
        stroke-width: 2;
      }
      circle[data-computes] {
        fill: var(--good);
        stroke: var(--good);
      }
      circle.self {
        stroke: var(--accent);
        stroke-width: 4;
      }
    `,
  ];

  override render() {
    const { peers, phase } = this.snapshot;
    const text = words().map;
    const known = peers.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, MOST_SHOWN);
    const shown = known.map((peer, i) => ({ peer, ...placeOf(i, known.length) }));
    const computing = peers.filter(({ models }) => models.length > 0).length;
    return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${text.label(peers.length, computing)}>
      ${shown.map(
        ({ peer, x, y }) => svg`<line data-link=${peer.link} x1=${MIDDLE_X} y1=${MIDDLE_Y} x2=${x} y2=${y}></line>`,
      )}
      ${shown.map(({ peer, x, y }) => this.#peer(peer, x, y))}
      <circle class="self" cx=${MIDDLE_X} cy=${MIDDLE_Y} r="16" ?data-computes=${phase === 'serving'}></circle>
      <text x=${MIDDLE_X} y=${MIDDLE_Y + 36}>${text.self}</text>
    </svg>`;
  }

  #peer({ id, models, tokensPerSecond }: PeerView, x: number, y: number) {
    const speed = models.length > 0 && tokensPerSecond > 0 ? formatSpeed(tokensPerSecond) : '';
    return svg`
      <circle cx=${x} cy=${y} r="11" ?data-computes=${models.length > 0}></circle>
      <text x=${x} y=${y + 28}>${formatPeer(id)}</text>
      <text class="speed" x=${x} y=${y + 44}>${speed}</text>`;
  }
}

/** Evenly around the middle; many stand on two rings by turns. */
function placeOf(index: number, count: number): { readonly x: number; readonly y: number } {
  const turn = (index / count) * 2 * Math.PI - Math.PI / 4;
  const reach = count > 8 && index % 2 === 1 ? 0.62 : 1;
  return {
    x: Math.round(MIDDLE_X + Math.cos(turn) * reach * (MIDDLE_X - 60)),
    y: Math.round(MIDDLE_Y - 16 + Math.sin(turn) * reach * (MIDDLE_Y - 50)),
  };
}

customElements.define('swarm-map', SwarmMap);
