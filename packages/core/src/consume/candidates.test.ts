import { describe, expect, it } from 'vitest';
import type { IncomingMessage } from '../driver/message.js';
import { candidatesIn } from './candidates.js';

const message = (offset: number | undefined): IncomingMessage => ({
  ...{ topic: 't', key: `k${offset}`, value: new Uint8Array(), headers: [], token: undefined },
  ...(offset === undefined ? {} : { position: { offset } }),
});

async function* log(...offsets: (number | undefined)[]) {
  for (const offset of offsets) yield message(offset);
}

const options = {
  ...{ through: 3, missing: () => 1 },
  keyOf: ({ key }: IncomingMessage) => String(key),
  isHere: ({ position }: IncomingMessage) => position?.offset === 2,
};

describe('messages that may be unsettled elsewhere', () => {
  it('are those that the group was given and that are not here', async () => {
    expect(await candidatesIn(log(1, 2, 3, 4), options)).toEqual([
      { offset: 1, key: 'k1' },
      { offset: 3, key: 'k3' },
    ]);
  });

  it('cannot be told where some have gone from the log, or have no position', async () => {
    expect(await candidatesIn(log(2, 3), { ...options, missing: () => 2 })).toBeUndefined();
    expect(await candidatesIn(log(1, undefined), options)).toBeUndefined();
  });

  it('cannot be told where there are too many', async () => {
    const many = log(...Array.from({ length: 10_002 }, (_, offset) => offset));
    expect(await candidatesIn(many, { ...options, through: 20_000 })).toBeUndefined();
  });
});
