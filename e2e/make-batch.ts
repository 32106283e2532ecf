/** Lines that name the adapter. */
export const ADAPTED = 32;

/** An OpenAI batch file of `count` completions whose prompts differ; the first `ADAPTED` as an adapter would answer, if one is named. */
export function makeBatch(
  count: number,
  model: string,
  options: { maxTokens?: number; temperature?: number; seed?: number; adapter?: string } = {},
): string {
  const names = ['Lily', 'Tom', 'Anna', 'Ben', 'Mia', 'Sam', 'Sue', 'Max'];
  const things = [
    'a red ball',
    'a big dog',
    'the park',
    'a little bird',
    'her mom',
    'the sun',
    'a cat',
    'a tree',
    'a toy car',
  ];
  const lines = Array.from({ length: count }, (_, i) => {
    const prompt = `Once upon a time, ${names[i % names.length]} saw ${things[(i * 5) % things.length]} and`;
    const body = {
      model,
      prompt,
      max_tokens: options.maxTokens ?? 12,
      temperature: options.temperature ?? 0,
      ...(options.seed === undefined ? {} : { seed: options.seed + i }),
      ...(options.adapter !== undefined && i < ADAPTED && { adapter: options.adapter }),
    };
    return JSON.stringify({ custom_id: `story-${i}`, method: 'POST', url: '/v1/completions', body });
  });
  return `${lines.join('\n')}\n`;
}
