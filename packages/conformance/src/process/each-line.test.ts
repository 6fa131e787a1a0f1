import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { eachLine } from './each-line.js';

it('joins a line that comes in pieces, and keeps back one that is not complete', async () => {
  const lines: string[] = [];
  const stream = Readable.from([Buffer.from('one\ntw'), Buffer.from('o\n\nthr'), Buffer.from('ee')]);
  eachLine(stream, (line) => lines.push(line));
  await new Promise((resolve) => stream.on('end', resolve));
  expect(lines).toEqual(['one', 'two', '']);
});
