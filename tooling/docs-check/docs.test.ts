/** The documentation, checked: TypeScript compiles, programs run and print what they should, links lead somewhere. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runSource } from '@ebus/run-source';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type CodeBlock,
  codeBlocks,
  excerptOf,
  isOutput,
  isProgram,
  isTypeScript,
  notIn,
} from './code-blocks.js';
import { compile } from './compile.js';
import { anchors, links } from './links.js';
import { markdownFiles, root } from './markdown-files.js';

/** Programs are run from here: inside the workspace, so that they find its packages. */
const scratch = join(root, '.cache/docs-check');

const files = markdownFiles();
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const blocks = files.flatMap((file) => codeBlocks(file, read(file)));

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('documentation', () => {
  it('has TypeScript that compiles', { timeout: 180_000 }, () => {
    expect(blocks.filter(isTypeScript).length).toBeGreaterThan(0);
    expect(compile(blocks.filter(isTypeScript))).toEqual([]);
  });

  it('has excerpts that are still in their sources', () => {
    const stale = blocks.flatMap((block) => {
      const source = excerptOf(block);
      if (source === undefined) return [];
      const missing = notIn(readFileSync(join(root, source), 'utf8'), block.code);
      return missing.map((part) => `${block.file}:${block.line}: ${source} has no\n${part}`);
    });
    expect(stale).toEqual([]);
  });

  it('shows a program on the first screen of the README', () => {
    const program = blocks.find((block) => block.file === 'README.md' && isProgram(block));
    expect(program?.line).toBeLessThan(45);
    expect(program?.code.split('\n').length).toBeLessThanOrEqual(15);
  });

  it.each(programs())('runs the program of %s', { timeout: 60_000 }, async (_place, { block, output }) => {
    mkdirSync(scratch, { recursive: true });
    const file = join(scratch, `${block.file.replaceAll('/', '-')}-${block.line}.mts`);
    writeFileSync(file, block.code);
    const ended = await runSource(file);
    expect(ended).toEqual({ code: 0, stdout: `${output}\n`, stderr: '' });
  });

  it.each(files)('%s links only to pages and headings that exist', (file) => {
    const missing = links(read(file)).filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : path.startsWith('/') ? path.slice(1) : join(dirname(file), path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && target.endsWith('.md') && !anchors(read(target)).has(anchor);
    });
    expect(missing).toEqual([]);
  });

  it('has READMEs of packages whose links work on the page of a registry', () => {
    const readmes = files.filter((file) => /^packages\/[^/]+\/README\.md$/.test(file));
    const relative = readmes.flatMap((file) => links(read(file)).filter((link) => !/^[#/]/.test(link)));
    expect(relative).toEqual([]);
  });

  it('names only files that exist in the architecture', () => {
    const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    const named = new Set([...text.matchAll(/`([\w./-]+\.(?:ts|mjs|cjs))`/g)].map(([, name]) => `/${name}`));
    const folders = ['packages', 'examples', 'tooling'].flatMap(sourcesIn);
    const sources = [...readdirSync(root).map((name) => `/${name}`), ...folders];
    expect([...named].filter((name) => !sources.some((path) => path.endsWith(name)))).toEqual([]);
  });

  it('names every folder of core in the architecture', () => {
    const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    const entries = readdirSync(join(root, 'packages/core/src'), { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => `${entry.name}/`);
    expect(folders.filter((folder) => !text.includes(`\`${folder}`))).toEqual([]);
  });
});

/** Every file below, from the root, without what is installed or built. */
function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return entry.name === 'node_modules' || entry.name === 'dist' ? [] : sourcesIn(path);
  });
}

/** Every program with what it should print: the `text output` block that comes next. */
function programs(): [place: string, program: { block: CodeBlock; output: string }][] {
  return blocks.flatMap((block, index) => {
    if (!isProgram(block)) return [];
    const next = blocks[index + 1];
    if (next === undefined || !isOutput(next))
      throw new Error(`${block.file}:${block.line}: no output follows`);
    return [[`${block.file}:${block.line}`, { block, output: next.code }]];
  });
}
