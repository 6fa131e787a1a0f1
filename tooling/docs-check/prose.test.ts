/** The prose of the documentation, counted page by page. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { markdownFiles, root } from './markdown-files.js';
import { countProse, sentences, tooMuch } from './prose.js';

describe('sentences', () => {
  it('leaves code, tables and headings out', () => {
    const text =
      '# A title of four words\n\nOne fact in `code, code`. Two [of a link](a.md) here.\n\n| a, b | c |\n';
    expect(sentences(`${text}\n\`\`\`ts\nconst not = 'prose, at all';\n\`\`\`\n`)).toEqual([
      'One fact in X.',
      'Two of a link here.',
    ]);
  });
});

describe('tooMuch', () => {
  it('allows a short page one of each kind, and no more', () => {
    const one = 'This is what a handler gets. It is for somebody who reads on.';
    expect(tooMuch(countProse([one]))).toEqual([]);
    expect(tooMuch(countProse([`${one} ${one}`]))).toEqual([
      '2 clauses that begin with "what", in 26 words',
      '2 of somebody, nobody, something …, in 26 words',
    ]);
  });

  it('sees sentences with many commas', () => {
    const one = 'Here, there, and, as ever, elsewhere too.';
    expect(tooMuch(countProse(Array.from({ length: 30 }, () => one)))).toHaveLength(1);
    expect(tooMuch(countProse([one]))).toEqual([]);
  });
});

// Decisions are counted together: they are short.
const decisions = markdownFiles().filter((file) => file.startsWith('docs/decisions/'));
const single = markdownFiles().filter(
  (file) => !decisions.includes(file) && !/CHANGELOG|docs\/mutants/.test(file),
);

it.each([...single.map((file) => [file]), decisions])('%s is plain English', (...files) => {
  const texts = files.map((file) => readFileSync(join(root, file), 'utf8'));
  expect(tooMuch(countProse(texts))).toEqual([]);
});
