// `pnpm new-adapter <name>`: the first files of an adapter, which runs, and passes the conformance suite, over a stand-in for the
// broker. docs/guides/writing-an-adapter.md goes on from there.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesOf, withPath } from './files.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [name, ...rest] = process.argv.slice(2).filter((argument) => argument !== '--');

try {
  if (name === undefined || rest.length > 0) throw new Error('usage: pnpm new-adapter <name of the broker>');
  const folder = join(root, 'packages', name);
  if (existsSync(folder)) throw new Error(`packages/${name} is there already`);
  for (const [path, text] of filesOf(name)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const tsconfig = join(root, 'tsconfig.json');
  writeFileSync(tsconfig, withPath(readFileSync(tsconfig, 'utf8'), name));
  console.log(`packages/${name} is an adapter over a stand-in for the broker. Next:

  pnpm install
  pnpm vitest run --project unit packages/${name}

Then replace src/client.ts by your broker's client. docs/guides/writing-an-adapter.md says what each method promises.`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
