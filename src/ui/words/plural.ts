/** How a sentence goes for each way in which its language counts; English and German tell one from others. */
export interface Forms {
  readonly one: (count: string) => string;
  readonly other: (count: string) => string;
}

/** Chooses the form that fits a count, by CLDR's rules (`Intl.PluralRules`), with the count as the language writes it. */
export function pluralIn(language: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (count, { one, other }) => (rules.select(count) === 'one' ? one : other)(numbers.format(count));
}
