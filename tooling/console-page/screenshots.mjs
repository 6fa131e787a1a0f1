// Makes the pictures of the console in docs/guides/images: `node tooling/console-page/screenshots.mjs [folder]`. Builds and runs the demo;
// Chromium must be there.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startBrowser } from '@ebus/browser';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = process.argv[2] ?? `${root}docs/guides/images`;
mkdirSync(folder, { recursive: true });

const folders = ['packages/core', 'packages/memory', 'packages/health-http', 'examples/console'];
const build = ['tooling/tsup/build.mjs', '--no-types', ...folders.map((name) => root + name)];
if (spawnSync(process.execPath, build, { cwd: root, stdio: 'inherit' }).status !== 0) process.exit(1);
const demo = spawn(
  process.execPath,
  [`${root}examples/console/dist/main.js`, '--port', '0', '--seconds', '300'],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const url = await new Promise((resolve) => {
  let text = '';
  demo.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
    const [found] = /http:\S+\/ui/.exec(text) ?? [];
    if (found !== undefined) resolve(found);
  });
});

const browser = await startBrowser();
const save = async (page, name) => {
  const png = await page.screenshot();
  writeFileSync(`${folder}/${name}.png`, png);
  console.log(`${name}.png, ${Math.round(png.length / 1024)} kB`);
};
const click = (page, selector) =>
  page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);
try {
  const wide = { width: 1080, height: 900 };
  const page = await browser.open(wide);
  await page.goto(url);
  await page.until(`document.querySelectorAll('#letters tbody tr').length > 0`, 'dead letters');
  // Time for the lines of the charts.
  await new Promise((resolve) => setTimeout(resolve, 40_000));
  await save(page, 'console-light');
  await page.look({ ...wide, scheme: 'dark' });
  await page.evaluate(`document.querySelector('#subscriptions').scrollIntoView()`);
  await save(page, 'console-dark');
  await page.look(wide);
  await click(page, `[data-key="shop.mails.dlq"].tab`);
  await page.until(`document.querySelector('#letters').innerText.includes('550')`, 'mails');
  await page.evaluate(`document.querySelector('#letters').scrollIntoView()`);
  await save(page, 'console-letters');
  await page.evaluate(`[...document.querySelectorAll('#letters tbody tr')]
    .find((row) => row.innerText.includes('550'))
    .querySelector('.row-link')
    .click()`);
  await page.until(`document.querySelector('dialog .payload-box')`, 'the letter');
  await save(page, 'console-letter');
  await page.press('Escape');
  const phone = { width: 390, height: 844, scale: 1.5 };
  await page.look({ ...phone, scheme: 'dark' });
  await page.evaluate('window.scrollTo(0, 0)');
  await save(page, 'console-phone-dark');
  await page.look(phone);
  await page.evaluate(`document.querySelector('#letters').scrollIntoView()`);
  await save(page, 'console-phone');
} finally {
  await browser.close();
  demo.kill('SIGTERM');
}
