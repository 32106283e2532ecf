/** What an operator who names no model is offered: small enough for any laptop, free to use. */
export const DEFAULT_MODEL = {
  title: 'SmolLM2-135M-Instruct, Q8_0',
  url: 'https://huggingface.co/bartowski/SmolLM2-135M-Instruct-GGUF/resolve/main/SmolLM2-135M-Instruct-Q8_0.gguf',
  sizeText: 'about 145 MB',
  licence: 'Apache-2.0',
} as const;
