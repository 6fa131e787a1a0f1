import { expect, it, vi } from 'vitest';
import { dottedPath, Problems } from './problems.js';

it('makes one error of all that is wrong, in the order of finding', () => {
  const problems = new Problems();
  expect([problems.any, problems.listsNext]).toEqual([false, true]);
  problems.add(['kafka', 'acks'], 'must be a number');
  problems.add([], 'is no object');
  const error = problems.error('the configuration');
  expect(error.message).toBe('the configuration is wrong:\n  kafka.acks: must be a number\n  is no object');
  expect(error.problems).toEqual([
    { path: 'kafka.acks', message: 'must be a number' },
    { path: '', message: 'is no object' },
  ]);
  expect(problems.paths.has('kafka.acks')).toBe(true);
});

it('masks secrets that are in a message', () => {
  const problems = new Problems();
  problems.secrets.add('hunter2');
  problems.add(['a'], "must not be 'hunter2'");
  expect(problems.error('it').message).toBe("it is wrong: a: must not be '***'");
});

it('lists fifty and counts the others; what is not kept is not put into words', () => {
  const problems = new Problems();
  for (let i = 0; i < 10_000; i++) problems.add([String(i)], 'wrong');
  const say = vi.fn(() => 'never');
  problems.add(['last'], say);
  expect(say).not.toHaveBeenCalled();
  expect(problems.error('it').message.split('\n').at(-1)).toBe('  and 9951 more');
});

it('shows keys of strangers on one line, and cut', () => {
  const path = dottedPath(['topics', 'a\nb', 'x'.repeat(1_000)]);
  expect(path).not.toContain('\n');
  expect(path.length).toBeLessThan(300);
});
