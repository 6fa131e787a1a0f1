// The list of deliberate faults for people: docs/mutants.md.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { mutants } from './list.mjs';

export const tableFile = fileURLToPath(new URL('../../docs/mutants.md', import.meta.url));

const HEAD = `# Deliberate faults

Each line is a fault that \`pnpm mutants\` puts into the code, and the first test that fails then. \`pnpm mutants --write\` makes this list.
Those in bold are tried by every run of all tests. [tooling/mutants](../tooling/mutants/README.md) says how to add one.

| fault | in | killed by |
| --- | --- | --- |
`;

const ROW = /^\| \**(.+?)\** \| `(.+?)` \| (.+) \|$/;

/** What the list says now: the test that killed each, by the name of the mutant. */
export function readTable(text) {
  const rows = text.split('\n').map((line) => ROW.exec(line));
  return new Map(rows.flatMap((row) => (row === null ? [] : [[plain(row[1]), plain(row[3])]])));
}

/** The list with these killers; those that are not among them keep the ones they had. */
export async function writeTable(killers) {
  const before = readTable(await readFile(tableFile, 'utf8').catch(() => ''));
  const rows = mutants.map(({ name, file, gate }) => {
    const killer = killers.get(name) ?? before.get(name) ?? 'not tried yet';
    const shown = gate === true ? `**${cell(name)}**` : cell(name);
    return `| ${shown} | \`${file}\` | ${cell(killer)} |`;
  });
  await writeFile(tableFile, `${HEAD}${rows.join('\n')}\n`);
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
const plain = (text) => text.replaceAll('\\|', '|').replaceAll('&lt;', '<');
