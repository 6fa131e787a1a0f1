/** The Markdown files of the repository. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Everything in Markdown that a reader of the repository or of a package may meet, from the root. */
export function markdownFiles(): string[] {
  const list = (folder: string, recursive = false) =>
    readdirSync(join(root, folder), { recursive, encoding: 'utf8' }).map((name) => join(folder, name));
  const packages = ['packages', 'examples', 'tooling']
    .flatMap((folder) => list(folder))
    .map((path) => `${path}/README.md`);
  const candidates = [...list('.'), ...list('docs', true), ...list('.github', true), ...packages];
  return candidates.filter((path) => path.endsWith('.md') && existsSync(join(root, path))).sort();
}
