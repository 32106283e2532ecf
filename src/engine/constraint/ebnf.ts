/** Text as an EBNF literal: what is not plain ASCII is written as an escape. */
export function ebnfLiteral(text: string): string {
  const characters = Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const isPlain = code >= 0x20 && code < 0x7f && character !== '"' && character !== '\\';
    return isPlain ? character : `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return `"${characters.join('')}"`;
}

/**
 * The rules of JSON values (RFC 8259): no white space but one blank behind commas and colons, no `\u` escapes.
 *
 * XGrammar 0.1 takes a class beyond ASCII for bytes, and `[^…]` lets malformed UTF-8 pass; so characters are spelled here
 * byte by byte, as the table of well-formed sequences has them (Unicode 15, table 3-7).
 */
export const JSON_RULES = String.raw`
json ::= json_object | json_array | json_string | json_number | "true" | "false" | "null"
json_object ::= "{}" | "{" json_member (", " json_member)* "}"
json_member ::= json_string ": " json
json_array ::= "[]" | "[" json (", " json)* "]"
json_string ::= "\"" json_character* "\""
json_character ::= [ !#-\x5b\x5d-\x7f] | "\\" ["\\/bfnrt] | utf8_two | utf8_three | utf8_four
utf8_two ::= [\xc2-\xdf] [\x80-\xbf]
utf8_three ::= ([\xe0] [\xa0-\xbf] | [\xe1-\xec\xee-\xef] [\x80-\xbf] | [\xed] [\x80-\x9f]) [\x80-\xbf]
utf8_four ::= ([\xf0] [\x90-\xbf] | [\xf1-\xf3] [\x80-\xbf] | [\xf4] [\x80-\x8f]) [\x80-\xbf] [\x80-\xbf]
json_integer ::= "0" | "-"? [1-9] [0-9]{0,14}
json_number ::= "-"? ("0" | [1-9] [0-9]{0,14}) ("." [0-9]{1,9})?
`;
