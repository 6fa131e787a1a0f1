/** The page in a real browser, on a real bus. Skipped, with a reason, where there is no Chromium. */
import { type Browser, browserProblem, type Page, startBrowser } from '@ebus/browser';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { type Shop, shopOf } from './testing/shop.js';

const problem = browserProblem();
const TOKEN = 'a-token-of-the-console';
let browser: Browser;

beforeAll(async () => {
  if (problem === undefined) browser = await startBrowser();
});
afterAll(() => browser?.close());

async function pageAt(test: TestContext, url: string, look = {}): Promise<Page> {
  if (problem !== undefined) test.skip(problem);
  const page = await browser.open(look);
  onTestFinished(() => page.close());
  await page.goto(url);
  return page;
}

const text = (selector: string) => `(document.querySelector(${JSON.stringify(selector)})?.innerText ?? '')`;
const click = (page: Page, selector: string) =>
  page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
/** The first button with that text. */
const press = (page: Page, within: string, label: string) =>
  page.evaluate(
    `[...document.querySelectorAll(${JSON.stringify(`${within} button`)})].find((one) => one.innerText.startsWith(${JSON.stringify(label)})).click()`,
  );
const rows = `document.querySelectorAll('#letters tbody tr').length`;

/** Nothing was refused or thrown, and nothing but the page's own server was asked. */
function expectQuiet(page: Page, { url }: Pick<Shop, 'url'>): void {
  expect(page.problems).toEqual([]);
  const { origin } = new URL(url);
  const strangers = page.requests.filter(
    (one) => !one.url.startsWith(origin) && !one.url.startsWith('data:'),
  );
  expect(strangers).toEqual([]);
}

describe('the console in a browser', { timeout: 180_000 }, () => {
  it('shows a bus, and what changes, without being loaded again', async (test) => {
    const shop = await shopOf();
    const page = await pageAt(test, shop.url);
    await page.until(`${text('h1')} === 'Everything works'`, 'the verdict');
    await page.until(`${text('#topics')}.includes('orders')`, 'topics');
    expect(await page.evaluate(text('.bar'))).toMatch(/ebus\s+shop\s+memory\s+live/);
    await shop.fail('order-1');
    await page.until(`${rows} === 1`, 'the dead letter');
    await page.until(`${text('h1')}.includes('1 dead letter')`, 'the verdict again');
    expect(await page.evaluate(text('#letters tbody'))).toContain('no stock for order-1');
    expect(await page.evaluate(text('#subscriptions tbody'))).toMatch(/orders[\s\S]*shop/);
    expect(page.requests.filter(({ url }) => url === shop.url)).toHaveLength(1);
    expectQuiet(page, shop);
  });

  it('finds a poisoned event, shows why it failed, and redrives it once the cause is fixed', async (test) => {
    const shop = await shopOf({ allowActions: true, traceLink: 'https://traces.example/{traceId}' });
    await shop.fail('order-1', 'order-2');
    const page = await pageAt(test, shop.url);
    await page.until(`${rows} === 2`, 'the letters');
    await click(page, '#letters tbody .row-link');
    await page.until(`${text('dialog.letter')}.includes('"order": "order-1"')`, 'the payload');
    const shown = await page.evaluate<string>(text('dialog.letter'));
    for (const fact of ['HANDLER_FAILED', 'no stock for order-1', 'X-Consumer-Group', 'Attempts'])
      expect(shown).toContain(fact);

    // It fails again: the page says so.
    await press(page, 'dialog.letter', 'Redrive');
    await page.until(
      `document.activeElement?.innerText === 'Cancel'`,
      'the question, with the harmless answer chosen',
    );
    await press(page, 'dialog.question', 'Redrive');
    await page.until(`${text('.jobs')}.includes('1 redriven')`, 'the outcome');
    // The same event, at its new place.
    const isBack = `document.querySelector('[aria-label="Open the letter at 2"]') !== null`;
    await page.until(
      `document.querySelector('dialog') === null && ${isBack} && ${rows} === 2`,
      'the letter is back',
    );

    shop.broken.clear();
    await page.evaluate(`document.querySelector('#letters thead input').click()`);
    await page.until(`${text('.bar-of-actions')}.includes('(2)')`, 'both are selected');
    await press(page, '.bar-of-actions', 'Redrive selected');
    await press(page, 'dialog.question', 'Redrive');
    await page.until(`${text('#letters')}.includes('All is well here')`, 'no letter is left');
    expect(shop.handled.sort()).toEqual(['{"order":"order-1"}', '{"order":"order-2"}']);
    expectQuiet(page, shop);
  });

  it('lets halted and parked keys go on, and deletes an event that is wrong for good', async (test) => {
    const shop = await shopOf();
    await shop.fail('x');
    const broken = new Set(['p', 'r']);
    const handled: string[] = [];
    const handle = ({ aggregateId }: { aggregateId: string }) => {
      if (broken.has(aggregateId)) throw new Error(`${aggregateId} is broken`);
      handled.push(aggregateId);
    };
    const event = (aggregateId: string) => ({ aggregateId, eventType: 'Paid', eventVersion: 1, payload: {} });
    await shop.bus.subscribeEnvelope('payments', handle, { maxRetries: 0, onExhausted: 'halt' });
    await shop.bus.subscribeEnvelope('parcels', handle, { maxRetries: 0, onExhausted: 'park' });
    await shop.bus.publishEnvelope('payments', event('p'));
    await shop.bus.publishEnvelope('parcels', event('r'));
    const page = await pageAt(test, shop.url);
    await page.until(
      `${text('#standing')}.includes('p is broken') && ${text('#standing')}.includes('r is broken')`,
      'both',
    );
    broken.clear();
    await press(page, '#standing', 'Retry');
    await press(page, 'dialog.question', 'Retry');
    await page.until(`!${text('#standing')}.includes('p is broken')`, 'the halted key goes on');
    await press(page, '#standing', 'Redrive');
    await press(page, 'dialog.question', 'Redrive');
    await page.until(`${text('#standing')}.includes('No key is halted here')`, 'the parked key goes on');
    expect(handled).toEqual(['p', 'r']);

    await click(page, '[data-key="orders.dlq"].tab');
    await page.until(`${text('#letters tbody')}.includes('no stock for x')`, 'the letter');
    await click(page, '#letters tbody .row-link');
    await page.until(`document.querySelector('dialog .payload-box')`, 'its payload');
    await press(page, 'dialog.letter', 'Delete');
    await page.until(`document.querySelector('dialog.question')`, 'the question');
    await page.press('Escape');
    await page.until(`document.querySelector('dialog.question') === null`, 'Escape is no');
    await press(page, 'dialog.letter', 'Delete');
    await press(page, 'dialog.question', 'Delete');
    await page.until(`${text('#letters')}.includes('All is well here')`, 'it is gone');
    expectQuiet(page, shop);
  });

  it('pages through 10,000 dead letters, with the keyboard', async (test) => {
    const shop = await shopOf();
    await Promise.all(Array.from({ length: 10_000 }, (_, i) => shop.bus.publish('old.dlq', `letter ${i}`)));
    const page = await pageAt(test, shop.url);
    await page.until(`${rows} === 50`, 'the first page');
    expect(await page.evaluate(text('.pager'))).toContain('1–50 of 10,000');
    await page.evaluate(`document.querySelector('[aria-label="Last page"]').focus()`);
    await page.press('Enter');
    await page.until(`${text('.pager')}.includes('9,951–10,000')`, 'the last page');
    await page.until(`${text('#letters tbody')}.includes('letter 9999')`, 'the last letter');
    expect(await page.evaluate(`document.querySelectorAll('*').length`)).toBeLessThan(2_000);
    expectQuiet(page, shop);
  });

  it('shows what strangers send, and runs none of it', async (test) => {
    const shop = await shopOf();
    const markup =
      '<script>window.hacked = 1</script><img src="http://evil.example/x" onerror="window.hacked = 2"><style>*{display:none}</style>';
    const values: [string, string | Uint8Array][] = [
      [markup, markup],
      ['control', `a\u0000b\u001b[2Jc\u202ed`],
      ['large', JSON.stringify({ note: 'x'.repeat(1_000_000) })],
      ['bytes', new Uint8Array([255, 254, 0])],
      ['deep', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    ];
    for (const [key, value] of values) {
      shop.broken.add(key);
      await shop.bus.publish('orders', value, { key, headers: { markup } });
    }
    const page = await pageAt(test, shop.url);
    await page.until(`${rows} === ${values.length}`, 'all of them');
    const shown = await page.evaluate<string>(text('#letters'));
    for (const part of [markup.slice(0, 60), '\\u0000b\\u001b[2Jc\\u202ed', '3 B, no text'])
      expect(shown).toContain(part);
    for (let i = 0; i < values.length; i++) {
      await page.evaluate(`document.querySelectorAll('#letters .row-link')[${i}].click()`);
      await page.until(`document.querySelector('dialog .payload-box')`, `letter ${i}`);
      expect(await page.evaluate<number>(`${text('dialog')}.length`)).toBeLessThan(80_000);
      await page.press('Escape');
      await page.until(`document.querySelector('dialog') === null`, 'closed');
    }
    expect(await page.evaluate('window.hacked')).toBeUndefined();
    expect(await page.evaluate(`document.querySelectorAll('script, img, style').length`)).toBe(2);
    expectQuiet(page, shop);
  });

  it('needs its token, and forgets it with the tab', async (test) => {
    const shop = await shopOf({ token: TOKEN }, '127.0.0.1');
    await shop.fail('order-1');
    const page = await pageAt(test, shop.url);
    await page.until(`document.querySelector('input[name=token]')`, 'the question for the token');
    expect(await page.evaluate<string>('document.body.innerText')).not.toContain('order');
    const give = (token: string) =>
      page.evaluate(
        `document.querySelector('input[name=token]').value = ${JSON.stringify(token)}; document.querySelector('.sign-in button').click()`,
      );
    await give('wrong-token-of-the-console');
    await page.until(`document.body.innerText.includes('not the token')`, 'it is refused');
    await give(TOKEN);
    await page.until(`${rows} === 1`, 'the letters');
    // It only shows: there is nothing to press.
    expect(
      await page.evaluate(`document.querySelectorAll('input[type=checkbox], .bar-of-actions').length`),
    ).toBe(0);
    expect(await page.evaluate(text('.bar'))).toContain('read-only');

    const other = await pageAt(test, `${shop.url}#token=${TOKEN}`, {
      width: 390,
      height: 800,
      scheme: 'dark',
    });
    await other.until(`${rows} === 1`, 'the letters');
    expect(await other.evaluate('location.hash')).toBe('');
    expect(await other.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });

  it('says that its server is gone, and goes on when the bus shows again', async (test) => {
    const shop = await shopOf();
    const page = await pageAt(test, shop.url);
    await page.until(`${text('h1')} === 'Everything works'`, 'the verdict');
    await shop.bus.close({ timeout: 0 });
    await page.until(`${text('.link')}.includes('connection lost')`, 'it is said');
    expect(await page.evaluate(`document.querySelector('main').className`)).toBe('is-stale');
    // No sentence of before may look like one of now.
    await page.until(`${text('h1')} === 'This page has lost its server'`, 'the verdict is taken back');
    expect(await page.evaluate(text('#health'))).toMatch(/as of \d\d:\d\d:\d\d UTC/);
  });

  it('asks for its token anew when it is another one, and takes it from an address', async (test) => {
    const shop = await shopOf({ token: TOKEN, allowActions: true });
    await shop.fail('order-1');
    const page = await pageAt(test, `${shop.url}#token=${TOKEN}`);
    await page.until(`${rows} === 1`, 'the letters');
    await page.evaluate(`sessionStorage.setItem('ebus-console-token', 'the-token-of-yesterday')`);
    // Its text is another one while it reads.
    await page.until(`${text('.filters')}.includes('Read again')`, 'it has read');
    await page.evaluate(`document.querySelector('.filters button[type=button]').click()`);
    await page.until(`${text('.sign-in')}.includes('This is not the token')`, 'the question for the token');
    expect(await page.evaluate(`sessionStorage.getItem('ebus-console-token')`)).toBeNull();
    await page.evaluate(`location.hash = 'token=${TOKEN}'`);
    await page.until(`${rows} === 1 && ${text('.link')} === 'live'`, 'the letters again');
    expect(await page.evaluate('location.hash')).toBe('');
  });

  it('shows in each window what the other one has done', async (test) => {
    const shop = await shopOf();
    await shop.fail('order-1', 'order-2');
    const first = await pageAt(test, shop.url);
    const second = await pageAt(test, shop.url);
    for (const page of [first, second]) await page.until(`${rows} === 2`, 'the letters');
    // The second one asks about a letter, and the first redrives it before the answer.
    await click(second, '#letters tbody .row-link');
    await second.until(`document.querySelector('dialog .payload-box')`, 'the letter');
    await press(second, 'dialog.letter', 'Redrive');
    await second.until(`document.querySelector('dialog.question')`, 'the question');
    shop.broken.clear();
    await click(first, '#letters tbody input');
    await press(first, '.bar-of-actions', 'Redrive selected');
    await press(first, 'dialog.question', 'Redrive');
    for (const page of [first, second]) await page.until(`${rows} === 1`, 'one letter is left');
    await press(second, 'dialog.question', 'Redrive');
    await second.until(`${text('.jobs')}.includes('0 redriven, 1 not there any more')`, 'it is said');
    expect(shop.handled).toEqual(['{"order":"order-1"}']);
    expectQuiet(second, shop);
  });
});
