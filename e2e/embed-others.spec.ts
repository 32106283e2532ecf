import { expect, test } from '@playwright/test';
import { startOperator, type Operator } from './operator.ts';
import { openPartitioned, type Partitioned } from './partitioned-browser.ts';
import { startPartners, type PartnerServer } from './partner-site.ts';
import { takePicture } from './picture.ts';
import { contribute } from './tab.ts';
import { useVisitors } from './visitors.ts';

let partners: PartnerServer;
let operator: Operator;
let player: Partitioned;
const visit = useVisitors(() => operator.url);

test.beforeAll(async () => {
  partners = await startPartners();
  operator = await startOperator({ models: [], sites: [`shop=${partners.origin('shop')}`] });
});
test.afterEach(() => player.close());
test.afterAll(async () => {
  partners.stop();
  await operator.stop();
});

test('where the page asks and the person agrees, somebody else’s device answers, and its lines are checked alike', async () => {
  partners.put('/', new URL(operator.url).origin, { attributes: 'data-mode="npc" data-asks="others"' });
  player = await openPartitioned('about:blank');
  const { page } = player;
  await page.goto(`${partners.origin('shop')}/`);
  const stateIs = (state: string) => expect.poll(() => page.evaluate(() => window.Starling?.state)).toBe(state);
  const ask = () =>
    page.evaluate(async () => {
      const messages = [{ role: 'user', content: 'Good day.' }] as const;
      const options = { where: 'swarm', choices: ['wave: Good day.'], maxTokens: 16 } as const;
      try {
        return await window.Starling?.complete(messages, options);
      } catch (error) {
        return (error as { readonly code?: string }).code;
      }
    });
  const badge = page.frameLocator('iframe[title=Starling]');
  const agree = async (asksOthers: boolean) => {
    await badge.getByRole('button', { name: 'Share this GPU?' }).click();
    const box = badge.getByLabel('Let other people’s devices answer');
    await expect(box).not.toBeChecked();
    if (asksOthers) await box.check();
    await takePicture(page, 'embed-asks');
    await badge.getByRole('button', { name: 'Start' }).click();
    await stateIs('on');
  };
  await stateIs('off');
  await agree(false);
  expect(await ask()).toBe('embed/others-refused');
  await page.evaluate(() => window.Starling?.revoke());
  await stateIs('off');

  const helper = await visit();
  await contribute(helper.page);
  await agree(true);
  const answer = await ask();
  expect(answer).toMatchObject({ text: 'wave: Good day.' });
  const by = typeof answer === 'object' ? answer.by : '';
  expect(by).not.toBe('device');

  const line = await page.evaluate(() =>
    window.Starling?.npc.say(
      {
        character: { name: 'Mara', role: 'the miller', style: 'plain' },
        facts: ['Mara sells flour for 3 coins.'],
        actions: ['talk'],
        turns: [],
        player: 'How much is the flour?',
      },
      { where: 'swarm', fallback: ['Hm.'] },
    ),
  );
  expect(line).toMatchObject({ source: 'model', by });
  const records = async () => Number(await helper.page.getByTestId('records').textContent());
  await expect.poll(records).toBeGreaterThanOrEqual(2);
});
