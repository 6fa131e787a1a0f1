import { expect, it } from 'vitest';
import { deferred } from './promise.js';
import { Turns } from './turns.js';

function logging() {
  const turns = new Turns();
  const begun: string[] = [];
  const run = (key: string, name: string, until: Promise<unknown> = Promise.resolve()) =>
    turns.run(key, async () => {
      begun.push(name);
      await until;
      return name;
    });
  return { begun, run };
}

it('begins at once where nothing of the key is under way', () => {
  const { begun, run } = logging();
  void run('a', 'first');
  void run('b', 'of another key');
  expect(begun).toEqual(['first', 'of another key']);
});

it('runs the work of one key in the order of the calls, and tells each caller its own outcome', async () => {
  const { begun, run } = logging();
  const first = deferred();
  const all = [run('a', 'first', first.promise), run('a', 'second'), run('a', 'third')];
  expect(begun).toEqual(['first']);
  first.resolve();
  await expect(Promise.all(all)).resolves.toEqual(['first', 'second', 'third']);
  expect(begun).toEqual(['first', 'second', 'third']);
});

it('goes on after work that failed', async () => {
  const { begun, run } = logging();
  const failing = run('a', 'fails', Promise.reject(new Error('no')));
  const next = run('a', 'next');
  await expect(failing).rejects.toThrow('no');
  await expect(next).resolves.toBe('next');
  expect(begun).toEqual(['fails', 'next']);
});
