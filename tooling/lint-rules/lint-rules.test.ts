import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const rules = ['time-through-clock.grit', 'signals-let-go.grit'].map((name) =>
  fileURLToPath(new URL(name, import.meta.url)),
);

const refused = [
  "import { setTimeout as sleep } from 'node:timers/promises';",
  "import { setImmediate as turn } from 'node:timers';",
  "import { performance as time } from 'node:perf_hooks';",
  "import { createHash, randomUUID } from 'node:crypto';",
  "import { randomBytes } from 'crypto';",
  'export const a = Date.now();',
  'export const b = { now: Date.now };',
  'export const c = new Date();',
  'export const d = performance.now();',
  'export const e = process.hrtime.bigint();',
  'export const f = AbortSignal.timeout(5);',
  'export const g = Math.random();',
  'export const h = crypto.randomUUID();',
  'export const i = setTimeout(() => {}, 5).unref();',
  'export const j = { turn: setImmediate };',
  'export const k = () => new Promise((resolve) => globalThis.setTimeout(resolve, 5));',
  'export const l = setInterval;',
  'clearTimeout(undefined);',
];

const allowed = [
  "import { createHmac } from 'node:crypto';",
  'export const m = new Date(0);',
  'export const n = clock.now() + clock.monotonic();',
  'export const o = clock.setTimeout(() => {}, 5);',
  'export const p = clock.timeout(5);',
  "export const q = 'AbortSignal.timeout(ms)';",
  'export const r = server.setTimeout(5);',
  'export type T = ReturnType<typeof setTimeout>;',
  '// Date.now()',
];

let folder: string;

/** The lines of these that the rule reports. */
function reported(lines: readonly string[]): string[] {
  writeFileSync(join(folder, 'code.ts'), lines.join('\n'));
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const args = [biome, 'lint', '--reporter=json', '--max-diagnostics=100', 'code.ts'];
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { location: { start: { line: number } } }[] };
  return diagnostics.map(({ location }) => lines[location.start.line - 1] ?? '?');
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebus-lint-rules-'));
  const config = { root: true, plugins: rules, linter: { rules: { preset: 'none' } } };
  writeFileSync(join(folder, 'biome.json'), JSON.stringify(config));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('time and chance come from a Clock', () => {
  it('refuses those of the machine, however they are reached', () => {
    expect(new Set(reported(refused))).toEqual(new Set(refused));
  });

  it('leaves clocks and everything else alone', () => {
    expect(reported(allowed)).toEqual([]);
  });
});

it('signals are not made of others by AbortSignal.any', () => {
  const refused = ['export const a = AbortSignal.any([]);', 'export const { b = AbortSignal.any } = {};'];
  const allowed = ['export const c = AbortSignal.abort();', '// AbortSignal.any'];
  expect(reported([...refused, ...allowed])).toEqual(refused);
});

it('exempts no single file but the clock', () => {
  const { plugins } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as {
    plugins: { includes: string[] }[];
  };
  const files = (plugins[0]?.includes ?? []).filter(
    (pattern) => pattern.endsWith('.ts') && !pattern.includes('*'),
  );
  expect(files).toEqual(['!packages/core/src/clock.ts']);
});
