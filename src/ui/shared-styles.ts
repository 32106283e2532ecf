import { css } from 'lit';

/** Controls and surfaces that every element uses; colours and sizes come from `theme.css`. */
export const sharedStyles = css`
  :host {
    display: block;
  }
  * {
    box-sizing: border-box;
  }
  h2 {
    font-size: 1.25rem;
    line-height: 1.3;
    margin: 0 0 0.5rem;
  }
  h3 {
    font-size: 1rem;
    margin: 0;
  }
  p {
    margin: 0 0 0.75rem;
    max-width: 68ch;
  }
  a {
    color: var(--accent);
  }
  .soft {
    color: var(--ink-soft);
  }
  .card {
    background: var(--surface);
    border: 1px solid var(--line);
    border-radius: var(--radius);
    padding: var(--space);
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem;
    align-items: center;
  }
  .grow {
    flex: 1;
    min-width: 0;
  }
  button {
    font: inherit;
    font-weight: 600;
    min-height: 40px;
    padding: 0.4rem 1rem;
    border-radius: 8px;
    border: 1px solid var(--accent);
    background: transparent;
    color: var(--accent);
    cursor: pointer;
  }
  button.primary {
    background: var(--accent);
    color: var(--accent-ink);
  }
  button:disabled {
    opacity: 0.55;
    cursor: not-allowed;
  }
  :focus-visible {
    outline: 3px solid var(--accent);
    outline-offset: 2px;
  }
  progress {
    width: 100%;
    height: 10px;
    accent-color: var(--accent);
  }
  select,
  textarea,
  input {
    font: inherit;
    color: inherit;
    background: var(--surface);
    border: 1px solid var(--ink-soft);
    border-radius: 8px;
    padding: 0.4rem 0.6rem;
    max-width: 100%;
  }
  .figures {
    font-variant-numeric: tabular-nums;
  }
  .visually-hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
      transition: none !important;
    }
  }
`;
