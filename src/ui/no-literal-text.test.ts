import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, test } from 'vitest';

const FOLDER = new URL('.', import.meta.url);
const SPOKEN = /\b(?:aria-label|aria-valuetext|aria-description|placeholder|title|alt)="[^"]*\p{L}/gu;
/** Two words, or one with a capital: what no key, class or event is called. */
const SENTENCE = /\p{L}\s+\p{L}|^\p{Lu}\p{Ll}+$/u;
/** Code, not speech: names of keys, errors, and types of the browser. */
const CODE = new Set(['AbortError', 'Enter', 'Escape', 'Tab']);

/** Whatever a person would read in an element's source: text between tags, spoken attributes, sentences in quotes. */
function literalText(source: string): string[] {
  const found: string[] = [];
  const file = ts.createSourceFile('element.ts', source, ts.ScriptTarget.Latest, true);
  const template = ({ template }: ts.TaggedTemplateExpression): string =>
    ts.isNoSubstitutionTemplateLiteral(template)
      ? template.text
      : template.head.text + template.templateSpans.map(({ literal }) => `\u0001${literal.text}`).join('');
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node)) return;
    if (ts.isTaggedTemplateExpression(node)) {
      if (node.tag.getText() === 'css') return;
      const markup = template(node).replaceAll(/<!--.*?-->/gs, '');
      found.push(...(markup.match(SPOKEN) ?? []));
      // A tag may hold `>` in an expression only, and those are gone.
      const text = markup.replaceAll(/<[^>]*>?/g, '\u0001').split('\u0001');
      found.push(...text.map((part) => part.trim()).filter((part) => /\p{L}{2}/u.test(part)));
      if (ts.isTemplateExpression(node.template))
        node.template.templateSpans.forEach(({ expression }) => visit(expression));
      return;
    }
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateHead(node)) {
      if (SENTENCE.test(node.text) && !CODE.has(node.text)) found.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

const elements = readdirSync(FOLDER).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));

test.each(elements)('%s takes every sentence from the catalogue', (name) => {
  expect(literalText(readFileSync(new URL(name, FOLDER), 'utf8'))).toEqual([]);
});

test.each([
  ['html`<p>Hello</p>`', ['Hello']],
  ['html`<p>${a} of ${b}</p>`', ['of']],
  ['html`<button aria-label="Close">${icon}</button>`', ['aria-label="Close']],
  ["html`<p>${isOn ? 'On this device' : nothing}</p>`", ['On this device']],
  ["html`<p class=${'card'} @click=${() => go('models')}>${text.intro}</p>`", []],
])('the check sees what is written into %s', (source, expected) => {
  expect(literalText(source).map((text) => text.trim().slice(0, 17))).toEqual(
    expected.map((text) => text.slice(0, 17)),
  );
});
