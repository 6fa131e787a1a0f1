import { describe, expect, it } from 'vitest';
import {
  codeBlocks,
  excerptOf,
  isContinued,
  isOutput,
  isProgram,
  isTypeScript,
  notIn,
} from './code-blocks.js';
import { compile } from './compile.js';

/** A page with those lines; `'''` stands for a fence. */
const page = (...lines: string[]) => codeBlocks('page.md', lines.join('\n').replaceAll("'''", '```'));

describe('codeBlocks', () => {
  it('finds code, its line and its kind', () => {
    const [program, output] = page("'''ts program", 'a;', 'b;', "'''", '', "'''text output", 'c', "'''");
    expect(program).toMatchObject({ file: 'page.md', line: 2, code: 'a;\nb;' });
    expect(program && isProgram(program) && isTypeScript(program)).toBe(true);
    expect(output && isOutput(output)).toBe(true);
  });

  it('takes the indentation of a list away', () => {
    expect(page("1. '''ts", "   '''ts", '   if (a) {', '     b();', "   '''")).toMatchObject([
      { line: 3, code: 'if (a) {\n  b();' },
    ]);
  });

  it('refuses a block that is never closed', () => {
    expect(() => page('text', "'''ts", 'a;')).toThrow('page.md:2: this code block is never closed');
  });
});

describe('an excerpt', () => {
  it('names its source, and is compiled there', () => {
    const [block] = page("'''ts excerpt src/a.ts", 'a();', "'''");
    expect(block && [excerptOf(block), isTypeScript(block)]).toEqual(['src/a.ts', false]);
  });

  it('is found whatever its indentation, and in parts', () => {
    const source = 'function f() {\n  one();\n  two();\n\n  three();\n}';
    expect(notIn(source, 'one();\ntwo();')).toEqual([]);
    expect(notIn(source, 'one();\n// …\n  three();')).toEqual([]);
    expect(notIn(source, 'one();\nthree();')).toEqual(['one();\nthree();']);
    expect(notIn(source, 'three();\n// …\none();')).toEqual(['one();']);
    expect(notIn(source, 'wo();')).toEqual(['wo();']);
  });
});

describe('compile', { timeout: 60_000 }, () => {
  it('says what is wrong, at the line of the page, and keeps blocks apart unless one goes on with another', () => {
    const blocks = page(
      "'''ts",
      'const one = 1;',
      "const two: number = 'two';",
      "'''",
      "'''ts continued",
      'void one;',
      "'''",
      "'''ts",
      'void one;',
      "'''",
    );
    expect(blocks.map(isContinued)).toEqual([false, true, false]);
    expect(compile(blocks)).toEqual([
      "page.md:3: Type 'string' is not assignable to type 'number'.",
      "page.md:9: Cannot find name 'one'.",
    ]);
  });
});
