/** The page in a real browser, on a real bus. */
import { type Browser, browserProblem, type Page, startBrowser } from '@ebus/browser';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { shopOf } from './testing/shop.js';

const problem = browserProblem();
let browser: Browser;

beforeAll(async () => {
  if (problem === undefined) browser = await startBrowser();
});
afterAll(() => browser?.close());

async function pageAt(test: TestContext, url: string): Promise<Page> {
  if (problem !== undefined) test.skip(problem);
  const page = await browser.open();
  onTestFinished(() => page.close());
  await page.goto(url);
  return page;
}

describe('the console page', () => {
  it('shows the health of a bus', async (test) => {
    const { url } = await shopOf();
    const page = await pageAt(test, url);
    await page.until(`document.querySelector('h1')?.textContent === 'Everything works'`, 'the verdict');
    expect(page.problems).toEqual([]);
  });
});
