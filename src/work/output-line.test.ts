import { expect, test } from 'vitest';
import { formatAnswer, formatFault, type Answer } from './output-line.ts';

const file = { digest: '0123456789abcdef', model: 'letters' };
const answer: Answer = {
  customId: 'first "one"',
  endpoint: '/v1/chat/completions',
  text: 'Once\nupon',
  finish: 'stop',
  promptTokens: 12,
  completionTokens: 3,
  numericClass: 'q8_0/f32',
};

test('golden: an answered chat line has the bytes of the Batch API', () => {
  expect(formatAnswer(file, 17, answer)).toBe(
    '{"id":"batch_req_0123456789abcdef00000011","custom_id":"first \\"one\\"","response":{"status_code":200,' +
      '"request_id":"req_0123456789abcdef00000011","body":{"id":"chatcmpl-0123456789abcdef00000011",' +
      '"object":"chat.completion","created":0,"model":"letters","choices":[{"index":0,"message":' +
      '{"role":"assistant","content":"Once\\nupon"},"logprobs":null,"finish_reason":"stop"}],' +
      '"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15},"system_fingerprint":"q8_0/f32"}},"error":null}',
  );
});

test('golden: an answered completions line has the bytes of the Batch API', () => {
  expect(formatAnswer(file, 0, { ...answer, endpoint: '/v1/completions', finish: 'length' })).toBe(
    '{"id":"batch_req_0123456789abcdef00000000","custom_id":"first \\"one\\"","response":{"status_code":200,' +
      '"request_id":"req_0123456789abcdef00000000","body":{"id":"cmpl-0123456789abcdef00000000",' +
      '"object":"text_completion","created":0,"model":"letters","choices":[{"index":0,"text":"Once\\nupon",' +
      '"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15},' +
      '"system_fingerprint":"q8_0/f32"}},"error":null}',
  );
});

test('golden: a refused line names its fault, its parameter and its line', () => {
  const fault = { code: 'bad-max-tokens', message: 'work: max_tokens 0', param: 'max_tokens', customId: null } as const;
  expect(formatFault(file.digest, 2, 4, fault)).toBe(
    '{"id":"batch_req_0123456789abcdef00000002","custom_id":null,"response":null,' +
      '"error":{"code":"bad-max-tokens","message":"work: max_tokens 0","param":"max_tokens","line":4}}',
  );
});
