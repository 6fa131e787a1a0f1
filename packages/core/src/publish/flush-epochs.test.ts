import { expect, it } from 'vitest';
import { FlushEpochs } from './flush-epochs.js';

const tick = () => new Promise((resolve) => setImmediate(resolve));

function flushing() {
  const epochs = new FlushEpochs();
  const flushed: string[] = [];
  const flush = (name: string) => void epochs.settled().then(() => flushed.push(name));
  return { epochs, flushed, flush };
}

it('is over at once where nothing is open', async () => {
  const { epochs, flushed, flush } = flushing();
  flush('at once');
  epochs.settle(epochs.begin());
  flush('again');
  await tick();
  expect(flushed).toEqual(['at once', 'again']);
});

it('waits for what was begun before it, and for nothing that comes later', async () => {
  const { epochs, flushed, flush } = flushing();
  const before = [epochs.begin(), epochs.begin()] as const;
  flush('first');
  const later = epochs.begin();
  epochs.settle(before[1]);
  await tick();
  expect(flushed).toEqual([]);
  epochs.settle(before[0]);
  await tick();
  expect(flushed).toEqual(['first']);
  flush('second');
  epochs.settle(later);
  await tick();
  expect(flushed).toEqual(['first', 'second']);
});

it('of later epochs waits for all before it, whichever ends first', async () => {
  const { epochs, flushed, flush } = flushing();
  const first = epochs.begin();
  flush('first');
  const second = epochs.begin();
  flush('second');
  epochs.settle(second);
  await tick();
  expect(flushed).toEqual([]);
  epochs.settle(first);
  await tick();
  expect(flushed).toEqual(['first', 'second']);
});
