// A picture of what a command prints: `node tooling/browser/terminal-picture.mjs <file.png> <command> [argument ...]`. Chromium must be
// there. The picture of the demo: `… docs/guides/images/demo.png npm run --silent demo`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startBrowser } from './index.mjs';

const [picture, command, ...args] = process.argv.slice(2);
if (picture === undefined || command === undefined) {
  console.error('usage: terminal-picture.mjs <file.png> <command> [argument ...]');
  process.exit(2);
}
const { stdout, status } = spawnSync(command, args, {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (status !== 0) process.exit(1);

// Lines of progress come before the first empty line.
const text = stdout.slice(stdout.indexOf('\n\n') + 1).trim();
const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const style = 'body{margin:0;background:#10141b;color:#d7dde6}pre{margin:24px;font:14px/1.45 monospace}';
const shown = `<!doctype html><meta charset="utf-8"><style>${style}</style><pre>$ ${[command, ...args].join(' ')}\n\n${escaped}</pre>`;
const folder = mkdtempSync(join(tmpdir(), 'ebus-picture-'));
const browser = await startBrowser();
try {
  const file = join(folder, 'terminal.html');
  writeFileSync(file, shown);
  const height = 48 + Math.ceil(14 * 1.45) * (text.split('\n').length + 2);
  const page = await browser.open({ width: 820, height });
  await page.goto(pathToFileURL(file).href);
  writeFileSync(picture, await page.screenshot());
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
