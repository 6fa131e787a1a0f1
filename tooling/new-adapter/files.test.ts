import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checkName, filesOf, withPath } from './files.mjs';

it('names everything after the broker', () => {
  const files = filesOf('rabbit');
  expect([...files.keys()]).toContain('src/rabbit-driver.ts');
  expect([...files.keys(), ...files.values()].join()).not.toMatch(/acme/i);
  expect(files.get('src/index.ts')).toContain('new RabbitDriver(settings)');
});

it('is a package as the other adapters are, and is not published before its author wants it', () => {
  const manifest = JSON.parse(filesOf('rabbit').get('package.json') as string);
  expect(manifest).toMatchObject({
    name: '@ebus/rabbit',
    private: true,
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    repository: { directory: 'packages/rabbit' },
  });
});

it.each(['', 'Rabbit', 'rabbit-mq', '9mq', '../x'])("refuses '%s'", (name) => {
  expect(() => checkName(name)).toThrow('cannot name an adapter');
});

it('is found by its sources, once', () => {
  const tsconfig = readFileSync('tsconfig.json', 'utf8');
  const added = withPath(tsconfig, 'rabbit');
  expect(added).toContain('"@ebus/rabbit": ["./packages/rabbit/src/index.ts"]');
  expect(withPath(added, 'rabbit')).toBe(added);
});
