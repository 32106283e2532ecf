/** The sentences of a text, each with its end mark. A full stop inside a number ends nothing. */
export function sentencesOf(text: string): string[] {
  return text.match(/\S.*?(?:[.!?]+(?=\s|$)|$)/gsu) ?? [];
}

/** Equal for sentences that say the same to the letter, whatever ends them. */
export function sentenceKey(sentence: string): string {
  return sentence
    .replaceAll(/\s+/g, ' ')
    .replace(/[.!?\s]+$/, '')
    .trim();
}
