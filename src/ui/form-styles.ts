import { css } from 'lit';

/** Fields beside each other as far as they fit, each under its label. */
export const formStyles = css`
  form {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(14rem, 1fr));
    gap: 0.75rem 1.5rem;
    align-items: end;
  }
  label {
    display: grid;
    gap: 0.25rem;
    font-weight: 600;
  }
  select,
  input {
    width: 100%;
    min-height: 40px;
  }
`;
