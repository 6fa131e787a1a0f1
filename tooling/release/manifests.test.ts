/** What a registry's page, npm and older compilers read of each package. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const packages = new URL('../../packages/', import.meta.url);
const names = readdirSync(packages).filter((name) => existsSync(new URL(`${name}/package.json`, packages)));
const ADDRESS = 'https://github.com/ebus-js/ebus';

it.each(names)('packages/%s says where it comes from and how it is loaded', (name) => {
  const manifest = JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8'));
  const { exports, peerDependencies = {} } = manifest;
  const subpaths = Object.entries<{ types: string } | string>(exports).flatMap(([path, target]) =>
    path === '.' || typeof target === 'string' ? [] : [[path.slice(2), [target.types]] as const],
  );
  expect(manifest).toMatchObject({
    name: `@ebus/${name}`,
    description: expect.stringMatching(/./),
    keywords: expect.arrayContaining(['event-bus']),
    homepage: `${ADDRESS}/tree/main/packages/${name}#readme`,
    bugs: `${ADDRESS}/issues`,
    repository: { type: 'git', url: `git+${ADDRESS}.git`, directory: `packages/${name}` },
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    publishConfig: { access: 'public', provenance: true },
    // For `module: commonjs`, whose resolution does not know `exports`.
    main: exports['.'].default,
    types: exports['.'].types,
  });
  expect(manifest.typesVersions).toEqual(
    subpaths.length === 0 ? undefined : { '*': Object.fromEntries(subpaths) },
  );
  // `^` would make each minor of core below 1.0 a major release of the others.
  if (name !== 'core')
    expect(peerDependencies['@ebus/core']).toMatch(/^workspace:>=0\.\d+\.\d+\S* <1\.0\.0$/);
  expect(existsSync(new URL(`${name}/README.md`, packages))).toBe(true);
});
