import { describe, expect, it } from 'vitest';
import { Problems } from './problems.js';
import { copyTree, mergeTrees, replaceAt, settleVariables, valueAt } from './tree.js';

function copied(root: unknown, variables?: Record<string, string>) {
  const problems = new Problems();
  const tree = copyTree(root, problems, variables);
  return { tree, problems, wrong: problems.any ? problems.error('it').message : undefined };
}

/** As it is written in a file. */
const variable = (name: string) => ['$', '{', name, '}'].join('');

describe('the copy of a configuration', () => {
  it('is its own: objects and lists are copied, undefined is left out, other values are kept', () => {
    const date = new Date();
    const given = { a: [{ b: 1 }], c: undefined, date };
    const { tree } = copied(given);
    expect(tree).toEqual({ a: [{ b: 1 }], date });
    expect((tree as typeof given).a).not.toBe(given.a);
    expect((tree as typeof given).date).toBe(date);
  });

  it('is finite: what contains itself, or is nested without end, is refused', () => {
    const ring: Record<string, unknown> = {};
    ring.self = ring;
    expect(copied(ring).wrong).toMatch(/self: contains itself/);
    let deep: unknown = 1;
    for (let i = 0; i < 100; i++) deep = [deep];
    expect(copied(deep).wrong).toMatch(/more than 64 levels/);
    expect(copied('x'.repeat(9 * 1024 ** 2)).wrong).toMatch(/more than 8 MiB/);
  });

  it('has no key that would change its prototype', () => {
    const { tree, wrong } = copied(JSON.parse('{"__proto__": {"admin": true}}'));
    expect([tree, wrong]).toEqual([{}, expect.stringMatching(/no possible key/)]);
  });

  it('has variables replaced, and knows which texts are secrets', () => {
    const { tree, problems } = copied(
      { a: `x-${variable('NAME')}`, password: variable('PASS') },
      { NAME: 'n', PASS: 'hunter2' },
    );
    expect(settleVariables(tree).tree).toEqual({ a: 'x-n', password: 'hunter2' });
    expect(problems.secrets.redact('hunter2')).toBe('***');
    expect(copied(variable('MISSING'), {}).wrong).toMatch(/MISSING/);
  });
});

it('leaves out keys whose variable is empty, and tells where variables were', () => {
  const { tree } = copied({ a: variable('EMPTY'), b: [variable('NAME')] }, { EMPTY: '', NAME: 'n' });
  const settled = settleVariables(tree);
  expect(settled.tree).toEqual({ b: ['n'] });
  expect([...settled.variables.keys()]).toEqual(['a', 'b\u00000']);
});

it('merges objects key by key, and replaces everything else', () => {
  const base = { a: { b: 1, c: 2 }, list: [1, 2] };
  expect(mergeTrees(base, { a: { b: 9 }, list: [3] })).toEqual({ a: { b: 9, c: 2 }, list: [3] });
  expect(base).toEqual({ a: { b: 1, c: 2 }, list: [1, 2] });
  expect(mergeTrees(1, { a: 1 })).toEqual({ a: 1 });
});

it('reads and replaces what is at a path', () => {
  const tree = { a: [{ b: 1 }] };
  expect([
    valueAt(tree, ['a', '0', 'b']),
    valueAt(tree, ['a', 'x', 'b']),
    valueAt(tree, ['constructor']),
  ]).toEqual([1, undefined, undefined]);
  replaceAt(tree, ['a', '0', 'b'], 2);
  replaceAt(tree, ['nowhere', 'b'], 2);
  expect(tree).toEqual({ a: [{ b: 2 }] });
});
