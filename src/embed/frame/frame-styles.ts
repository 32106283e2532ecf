import { css } from 'lit';

/** The badge and its sheets; light only, so that the frame stays transparent on every page. */
export const frameStyles = css`
  :host {
    --ink: #1d2129;
    --soft: #565d6b;
    --line: #dcd8ce;
    --accent: #1f5f8b;
    --bad: #a12622;
    font:
      15px/1.45 system-ui,
      sans-serif;
    color: var(--ink);
  }
  * {
    box-sizing: border-box;
  }
  .badge {
    position: fixed;
    inset: 0;
    display: flex;
    align-items: center;
    gap: 2px;
    background: #fff;
    border: 1px solid var(--line);
    border-radius: 12px;
    padding: 2px;
  }
  button {
    font: inherit;
    font-weight: 600;
    min-height: 38px;
    padding: 0.2rem 0.8rem;
    color: var(--accent);
    background: #fff;
    border: 1px solid var(--accent);
    border-radius: 9px;
    cursor: pointer;
  }
  button.primary {
    color: #fff;
    background: var(--accent);
  }
  button:disabled {
    opacity: 0.6;
    cursor: default;
  }
  button:focus-visible,
  input:focus-visible {
    outline: 3px solid var(--accent);
    outline-offset: -3px;
  }
  .badge button {
    border: 0;
    white-space: nowrap;
  }
  .badge .open {
    flex: 1;
    display: flex;
    align-items: center;
    gap: 8px;
    min-width: 0;
    color: var(--ink);
    text-align: start;
  }
  .dot {
    flex: none;
    width: 11px;
    height: 11px;
    border-radius: 50%;
    border: 2px solid var(--soft);
  }
  .dot[data-state='on'] {
    background: #1c6b3f;
    border-color: #1c6b3f;
  }
  .dot[data-state='failed'] {
    border-color: var(--bad);
  }
  .backdrop {
    position: fixed;
    inset: 0;
    display: grid;
    place-items: center;
    padding: 12px;
    background: rgb(0 0 0 / 0.5);
    overflow: auto;
  }
  .sheet {
    width: min(33rem, 100%);
    background: #fff;
    border: 1px solid var(--line);
    border-radius: 14px;
    padding: 1.1rem 1.25rem;
  }
  h1 {
    font-size: 1.2rem;
    line-height: 1.3;
    margin: 0 0 0.4rem;
  }
  h2 {
    font-size: 1rem;
    margin: 0.8rem 0 0.3rem;
  }
  p {
    margin: 0 0 0.7rem;
    overflow-wrap: anywhere;
  }
  dl {
    display: grid;
    grid-template-columns: max-content 1fr;
    gap: 0.3rem 1rem;
    margin: 0 0 0.8rem;
    font-variant-numeric: tabular-nums;
  }
  dt {
    font-weight: 600;
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  label {
    display: flex;
    gap: 0.6rem;
    align-items: center;
    min-height: 32px;
  }
  input {
    flex: none;
    width: 20px;
    height: 20px;
    margin: 0;
    accent-color: var(--accent);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 0.6rem;
    margin-top: 0.8rem;
  }
  .row button {
    flex: 1;
  }
  .soft {
    color: var(--soft);
    font-size: 0.875rem;
  }
  ol {
    margin: 0;
    padding: 0;
    list-style: none;
    max-height: 8rem;
    overflow: auto;
    font-size: 0.875rem;
  }
  @media (width < 26rem) {
    dl {
      grid-template-columns: 1fr;
      gap: 0;
    }
    dd {
      margin-bottom: 0.4rem;
    }
  }
`;
