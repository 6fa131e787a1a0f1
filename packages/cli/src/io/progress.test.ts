import { expect, it } from 'vitest';
import type { Io } from './io.js';
import { Progress } from './progress.js';

it.each([
  [undefined, 80],
  [200, 80],
  [20, 20],
])('fits in one line of a terminal of %s columns, so that all of it is cleared', (errColumns, widest) => {
  let written = '';
  const io = {
    err: (text: string) => {
      written = text;
    },
    errIsTerminal: true,
    errColumns,
    signal: new AbortController().signal,
  } as unknown as Io;
  const progress = new Progress(io);
  progress.tell('looking at orders '.repeat(20));
  expect(written.replace('\r\u001b[K', '').length).toBe(widest);
  progress.end();
  expect(written).toBe('\r\u001b[K');
});
