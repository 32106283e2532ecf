/** The part of wllama that the benchmark uses; its own declarations are sources of another strictness. */
export declare const LoggerWithoutDebug: object;

export declare class Wllama {
  constructor(paths: { default: string }, options: { logger: object });
  loadModel(files: readonly Blob[], options: { n_ctx: number; n_gpu_layers: number }): Promise<void>;
  createCompletion(options: {
    prompt: string;
    max_tokens: number;
    temperature: number;
    cache_prompt: boolean;
  }): Promise<{ timings?: { prompt_per_second: number; predicted_per_second: number } }>;
  exit(): Promise<void>;
}
