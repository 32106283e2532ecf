import { expose, wrap } from 'comlink';
import { expect, test } from 'vitest';
import { AppError } from './app-error.ts';
import { installRealmErrors } from './realm-errors.ts';

class TestError extends AppError<'too-big', { bytes: number }> {
  override readonly name = 'TestError';
}

test('a named error keeps its name, code and details across a comlink border', async () => {
  installRealmErrors();
  const { port1, port2 } = new MessageChannel();
  expose(
    {
      fail() {
        throw new TestError('too-big', 'test: 9 bytes, 8 allowed', { bytes: 9 });
      },
    },
    port1,
  );
  const remote = wrap<{ fail(): void }>(port2);
  await expect(remote.fail()).rejects.toMatchObject({
    name: 'TestError',
    code: 'too-big',
    message: 'test: 9 bytes, 8 allowed',
    details: { bytes: 9 },
  });
  port1.close();
  port2.close();
});
