// `node tooling/changeset-check/run.mjs [base]`: fails where a package differs from the base branch (default: main) for
// its users and no changeset of the same branch names it. Unlike `changeset status` it leaves tests and notes alone.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();

/** What the users of a package never see. A release changes version and changelog, and deletes the changesets. */
const invisible = /\.test(-d)?\.ts$|\/(testing|test|bench)\/|\/(CHANGELOG\.md|tsconfig\.json)$/;

/** The packages that a path below packages/ belongs to: at most one, and none that is private. */
function packageOf(path) {
  const folder = /^packages\/([^/]+)\//.exec(path)?.[1];
  const manifest = join(root, 'packages', folder ?? '', 'package.json');
  if (folder === undefined || invisible.test(path) || !existsSync(manifest)) return [];
  const { name, private: isPrivate } = JSON.parse(readFileSync(manifest, 'utf8'));
  return isPrivate ? [] : [name];
}

/** The packages that a changeset names: the keys of its front matter. */
function namedBy(file) {
  if (!existsSync(join(root, file))) return [];
  const text = readFileSync(join(root, file), 'utf8');
  const frontMatter = /^---\n(.*?)\n---/s.exec(text)?.[1] ?? '';
  return [...frontMatter.matchAll(/^['"]?(@?[^'":\s]+)['"]?\s*:/gm)].map((match) => match[1]);
}

const base = git('merge-base', process.argv[2] ?? 'main', 'HEAD');
const changed = git('diff', '--name-only', base).split('\n');
const isRelease = changed.some((path) => /^packages\/[^/]+\/CHANGELOG\.md$/.test(path));
const named = changed.filter((path) => /^\.changeset\/(?!README).*\.md$/.test(path)).flatMap(namedBy);
const missing = [...new Set(changed.flatMap(packageOf))].filter((name) => !named.includes(name));

if (missing.length > 0 && !isRelease) {
  console.error(`Changed without a changeset: ${missing.join(', ')}.`);
  console.error(
    'Add one with `pnpm changeset`, and say there what the change means for users of the package.',
  );
  process.exit(1);
}
console.log(
  missing.length > 0 ? 'a release: changesets were used up' : 'every changed package has a changeset',
);
