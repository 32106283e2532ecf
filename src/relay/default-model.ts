/** What is published where nobody named a model and none was published before. */
export const DEFAULT_MODEL = {
  title: 'SmolLM2-135M-Instruct Q8_0',
  url: 'https://huggingface.co/bartowski/SmolLM2-135M-Instruct-GGUF/resolve/main/SmolLM2-135M-Instruct-Q8_0.gguf',
  size: '145 MB',
  licence: 'Apache-2.0',
} as const;

export interface DefaultModel {
  readonly title: string;
  readonly url: string;
  /** For a person, before anything is fetched. */
  readonly size: string;
  readonly licence: string;
}
