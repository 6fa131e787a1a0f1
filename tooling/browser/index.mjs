// Chromium for tests, spoken to over a pipe (--remote-debugging-pipe): no driver has to be installed, and no port is opened.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Wire } from './wire.mjs';

const PLACES = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const FLAGS = [
  '--headless=new',
  '--remote-debugging-pipe',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-extensions',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--force-color-profile=srgb',
  '--mute-audio',
];
const UNTIL_MS = 40_000;
const KEYS = { Enter: ['\r', 13], Escape: ['', 27], Tab: ['', 9], ' ': [' ', 32] };

const executable = () => PLACES.find((place) => place !== undefined && place !== '' && existsSync(place));

/** @type {typeof import('./index.mjs').browserProblem} */
export function browserProblem() {
  return executable() === undefined ? 'there is no Chromium here; set CHROMIUM to its path' : undefined;
}

/** @type {typeof import('./index.mjs').startBrowser} */
export async function startBrowser() {
  const file = executable();
  if (file === undefined) throw new Error(browserProblem());
  const profile = mkdtempSync(join(tmpdir(), 'ebus-browser-'));
  // Chromium's sandbox refuses to run as root.
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(file, [...FLAGS, ...root, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const wire = new Wire(child.stdio[3], child.stdio[4]);
  void ended.then(() => wire.end('Chromium has ended'));
  return {
    open: async (look = {}) => openPage(wire, look),
    async close() {
      process.off('exit', end);
      await wire.send('Browser.close').catch(() => {});
      const killed = setTimeout(end, 3_000);
      await ended;
      clearTimeout(killed);
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function openPage(wire, look) {
  const { targetId } = await wire.send('Target.createTarget', { url: 'about:blank' });
  const { sessionId } = await wire.send('Target.attachToTarget', { targetId, flatten: true });
  const send = (method, params = {}) => wire.send(method, params, sessionId);
  const requests = [];
  const problems = [];
  wire.listen(sessionId, (method, params) => {
    if (method === 'Network.requestWillBeSent')
      requests.push({ url: params.request.url, method: params.request.method });
    if (method === 'Runtime.exceptionThrown') problems.push(textOf(params.exceptionDetails));
    if (method === 'Log.entryAdded' && params.entry.level === 'error') problems.push(params.entry.text);
  });
  await Promise.all(
    ['Page.enable', 'Runtime.enable', 'Network.enable', 'Log.enable'].map((method) => send(method)),
  );

  const page = {
    requests,
    problems,
    async goto(url) {
      await send('Page.navigate', { url });
      await page.until(
        `location.href !== 'about:blank' && document.readyState === 'complete'`,
        `${url} is loaded`,
      );
    },
    async evaluate(expression) {
      const params = { expression, awaitPromise: true, returnByValue: true, userGesture: true };
      const { result, exceptionDetails } = await send('Runtime.evaluate', params);
      if (exceptionDetails !== undefined) throw new Error(textOf(exceptionDetails));
      return result.value;
    },
    async until(expression, what, ms = UNTIL_MS) {
      const until = performance.now() + ms;
      for (;;) {
        // While a page is being replaced there is nothing to ask.
        const value = await page.evaluate(`Boolean(${expression})`).catch(() => false);
        if (value) return;
        if (performance.now() > until) {
          const text = await page.evaluate('document.body.innerText.slice(0, 3000)').catch(String);
          throw new Error(`waited ${ms} ms: ${what}\n${problems.join('\n')}\n${text}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async press(key) {
      const [text, code] = KEYS[key];
      const params = { key, code: key === ' ' ? 'Space' : key, windowsVirtualKeyCode: code };
      await send('Input.dispatchKeyEvent', { type: text === '' ? 'rawKeyDown' : 'keyDown', text, ...params });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', ...params });
    },
    async look({ width = 1280, height = 900, scheme = 'light', scale = 1 }) {
      const metrics = { width, height, deviceScaleFactor: scale, mobile: width < 600 };
      await send('Emulation.setDeviceMetricsOverride', metrics);
      const features = [
        { name: 'prefers-color-scheme', value: scheme },
        { name: 'prefers-reduced-motion', value: 'reduce' },
      ];
      await send('Emulation.setEmulatedMedia', { features });
    },
    async screenshot() {
      const { data } = await send('Page.captureScreenshot', { format: 'png' });
      return Buffer.from(data, 'base64');
    },
    close: async () => void (await wire.send('Target.closeTarget', { targetId })),
  };
  await page.look(look);
  return page;
}

function textOf({ text, exception }) {
  return exception?.description ?? text;
}
