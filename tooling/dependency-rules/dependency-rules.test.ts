import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const binary = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/** A miniature of this repository: file name to the modules it imports. */
const tree: Record<string, readonly string[]> = {
  'packages/core/src/index.ts': ['./bus/event-bus.js', './errors.js', './keyed-pool/lane.js'],
  'packages/core/src/errors.ts': ['node:util'],
  'packages/core/src/clock.ts': ['./errors.js', './driver/index.js'],
  'packages/core/src/bus/event-bus.ts': ['../publish/publisher.js', '../registry/registry.js'],
  'packages/core/src/bus/event-bus.test.ts': ['@ebus/memory', './event-bus.js'],
  'packages/core/src/registry/registry.ts': ['../errors.js', '../bus/event-bus.js'],
  'packages/core/src/publish/publisher.ts': ['../consume/lane.js', '../driver/index.js', '../pipeline/a.js'],
  'packages/core/src/consume/lane.ts': ['../errors.js', 'left-pad'],
  'packages/core/src/pipeline/a.ts': ['./b.js'],
  'packages/core/src/pipeline/b.ts': ['./a.js', 'zod'],
  'packages/core/src/keyed-pool/lane.ts': ['../publish/publisher.js'],
  'packages/core/src/driver/driver.ts': ['../registry/registry.js'],
  'packages/core/src/driver/index.ts': ['../registry/registry.js', './driver.js'],
  'packages/memory/src/index.ts': ['@ebus/core/driver', 'node:events', './memory-driver.js'],
  'packages/memory/src/memory-driver.ts': ['@ebus/core', '../../core/src/errors.js', './absent.js'],
};

let folder: string;
let violations: string[];

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebus-dependency-rules-'));
  write('package.json', '{ "type": "module" }');
  for (const name of ['zod', 'left-pad']) {
    write(`packages/core/node_modules/${name}/package.json`, `{ "name": "${name}", "main": "index.js" }`);
    write(`packages/core/node_modules/${name}/index.js`, '');
  }
  const paths = {
    '@ebus/core': ['./packages/core/src/index.ts'],
    '@ebus/core/driver': ['./packages/core/src/driver/index.ts'],
    '@ebus/memory': ['./packages/memory/src/index.ts'],
  };
  const compilerOptions = { module: 'nodenext', moduleResolution: 'nodenext', paths };
  write('tsconfig.json', JSON.stringify({ compilerOptions }));
  for (const [path, imports] of Object.entries(tree)) {
    write(path, imports.map((name, i) => `import * as m${i} from '${name}';\nm${i};\n`).join(''));
  }
  const config = join(root, '.dependency-cruiser.mjs');
  const run = spawnSync(process.execPath, [binary, 'packages', '--config', config, '--output-type', 'json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const summary = JSON.parse(run.stdout).summary as {
    violations: { rule: { name: string }; from: string; to: string }[];
  };
  const short = (path: string) => path.replace(/^packages\/([^/]+)\/src\//, '$1/');
  violations = summary.violations.map((v) => `${short(v.from)} -> ${short(v.to)}: ${v.rule.name}`).sort();
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the dependency rules', () => {
  it('report what goes up or sideways, cycles, and undeclared packages, and nothing else', () => {
    expect(violations).toMatchInlineSnapshot(`
      [
        "core/bus/event-bus.ts -> core/publish/publisher.ts: no cycles",
        "core/bus/event-bus.ts -> core/publish/publisher.ts: no cycles in core, of types either",
        "core/bus/event-bus.ts -> core/registry/registry.ts: no cycles",
        "core/bus/event-bus.ts -> core/registry/registry.ts: no cycles in core, of types either",
        "core/clock.ts -> core/driver/index.ts: core: the ground floor imports only from below",
        "core/consume/lane.ts -> packages/core/node_modules/left-pad/index.js: core: imports only what the table lists",
        "core/driver/driver.ts -> core/registry/registry.ts: core: driver/ imports only from below",
        "core/driver/driver.ts -> core/registry/registry.ts: no cycles",
        "core/driver/driver.ts -> core/registry/registry.ts: no cycles in core, of types either",
        "core/keyed-pool/lane.ts -> core/publish/publisher.ts: core: keyed-pool/ imports only from below",
        "core/pipeline/a.ts -> core/pipeline/b.ts: no cycles",
        "core/pipeline/a.ts -> core/pipeline/b.ts: no cycles in core, of types either",
        "core/publish/publisher.ts -> core/consume/lane.ts: core: publish/ imports only from below",
        "core/registry/registry.ts -> core/bus/event-bus.ts: core: registry/ imports only from below",
        "memory/memory-driver.ts -> ./absent.js: everything resolves",
        "memory/memory-driver.ts -> core/errors.ts: memory: imports only what the table lists",
        "memory/memory-driver.ts -> core/index.ts: memory: imports only what the table lists",
      ]
    `);
  });
});
