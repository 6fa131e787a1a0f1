import { describe, expect, it } from 'vitest';
import * as yaml from 'yaml';
import { MAX_DEPTH } from './tree.js';
import { yamlBoundsProblem } from './yaml-bounds.js';

const problem = (text: string) => yamlBoundsProblem(yaml, text);

describe('the bounds of a YAML text', () => {
  it.each(['', 'a: 1', 'a: [1, {b: 2}]\nc:\n  - - 1\n', '"[[[[": "}}}}"'])('hold for %j', (text) => {
    expect(problem(text)).toBe(undefined);
  });

  it('are passed by brackets that nest too deep, and tell where', () => {
    const fits = '['.repeat(MAX_DEPTH);
    expect(problem(fits + ']'.repeat(MAX_DEPTH))).toBe(undefined);
    expect(problem(`a: ${fits}[`)).toMatchObject({
      offset: 3 + MAX_DEPTH,
      message: expect.stringContaining(`${MAX_DEPTH} levels`),
    });
    // Those that are closed again do not add up.
    expect(problem('a: [{}]\n'.repeat(2 * MAX_DEPTH))).toBe(undefined);
  });

  it('are passed by lists within lists on one line, and not by long lists', () => {
    expect(problem('- '.repeat(MAX_DEPTH + 1))).toMatchObject({ message: expect.stringContaining('levels') });
    expect(problem('- a\n'.repeat(MAX_DEPTH + 1))).toBe(undefined);
  });

  it('are passed by texts of more parts than any configuration has', () => {
    expect(problem('a:\n'.repeat(400_000))).toMatchObject({ message: expect.stringContaining('1,000,000') });
  });
});
