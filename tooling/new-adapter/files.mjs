// The files of a new adapter, from the template: pure functions of its name.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const template = fileURLToPath(new URL('template', import.meta.url));
const memory = fileURLToPath(new URL('../../packages/memory/package.json', import.meta.url));

/** What a package and a transport may be called. */
const NAME = /^[a-z][a-z0-9]*$/;

/**
 * @param {string} name of the broker, in lower case
 * @throws Error where it cannot name a package, a transport and identifiers
 */
export function checkName(name) {
  if (NAME.test(name)) return;
  throw new Error(`'${name}' cannot name an adapter: use lower-case letters and digits, as in 'rabbitmq'`);
}

/**
 * @param {string} name of the broker, in lower case
 * @returns {Map<string, string>} texts by path within the package
 */
export function filesOf(name) {
  checkName(name);
  const files = new Map();
  files.set('package.json', `${JSON.stringify(manifestOf(name), null, 2)}\n`);
  files.set(
    'tsconfig.json',
    '{\n  "extends": "../../tooling/tsconfig/base.json",\n  "include": ["src"]\n}\n',
  );
  files.set('README.md', readme(name));
  for (const file of readdirSync(template)) {
    const text = readFileSync(join(template, file), 'utf8');
    files.set(`src/${renamed(file, name)}`, renamed(text, name));
  }
  return files;
}

/** A line of the root's `tsconfig.json`, which finds packages by their sources. */
export function withPath(tsconfig, name) {
  const line = `      "@ebus/${name}": ["./packages/${name}/src/index.ts"],\n`;
  return tsconfig.includes(line) ? tsconfig : tsconfig.replace(/("paths": \{\n)/, `$1${line}`);
}

function renamed(text, name) {
  const capital = name[0].toUpperCase() + name.slice(1);
  return text.replaceAll('Acme', capital).replaceAll('acme', name);
}

/** As the other adapters', so that it is published as they are. */
function manifestOf(name) {
  const { keywords: _, typesVersions: __, ...manifest } = JSON.parse(readFileSync(memory, 'utf8'));
  const folder = `packages/${name}`;
  const url = manifest.homepage.replace('packages/memory', folder);
  return {
    ...manifest,
    name: `@ebus/${name}`,
    version: '0.0.0',
    private: true,
    description: `${renamed('Acme', name)} for @ebus/core`,
    homepage: url,
    repository: { ...manifest.repository, directory: folder },
    files: ['dist'],
    exports: {
      '.': manifest.exports['.'],
      './package.json': './package.json',
    },
    devDependencies: { ...manifest.devDependencies, '@ebus/conformance': 'workspace:*' },
  };
}

const readme = (name) =>
  renamed(
    `# @ebus/acme

Acme for [\`@ebus/core\`](../core).

\`\`\`sh
npm install @ebus/core @ebus/acme
\`\`\`

| key under \`acme\` | |
| --- | --- |
| \`url\` | where the broker is: \`acme://host:port\` |
`,
    name,
  );
