import { expect, it } from 'vitest';
import { Questions } from './questions.js';

type Asked = readonly { topic: string; partition: number; offset: { timestamp: number } }[];

/** A client that answers for each partition by the asked time, -1 for the end. */
function answering(answers: Record<number, { offset: number; error?: object }[]>) {
  const admin = {
    listOffsets(asked: Asked, _options: object, done: (error: null, answer: object[]) => void) {
      done(
        null,
        asked.map(({ topic, partition, offset: { timestamp } }) => ({
          ...{ topic, partition },
          ...answers[timestamp]?.[partition],
        })),
      );
    },
    disconnect() {},
  };
  const client = { AdminClient: { create: () => admin } };
  const config = { brokers: ['a:1'], librdkafka: {}, security: { enabled: false } };
  return new Questions({ client, config, serviceName: 'orders', onError() {} } as never);
}

const partitions = [0, 1, 2].map((partition) => ({ topic: 'orders', partition }));
const { signal } = new AbortController();
/** Of the client: no broker has answered for this partition, and there is no error. */
const UNANSWERED = { offset: -1001 };
const END = -1;
const BEGINNING = -2;

it('a partition whose broker did not answer is left out, and not taken for one that begins at its end', async () => {
  const ends = [{ offset: 9 }, { offset: 9 }, { offset: 9 }];
  const refused = { offset: -1001, error: { code: 6 } };
  const questions = answering({ [BEGINNING]: [{ offset: 0 }, UNANSWERED, refused], [END]: ends });
  expect([...(await questions.offsets(partitions, 'earliest', signal))]).toEqual([['orders:0', 0]]);
});

it('nor is one begun at its end that did not answer for a time', async () => {
  const from = new Date(1_700_000_000_000);
  const ends = [{ offset: 9 }, { offset: 9 }, { offset: 9 }];
  const none = { offset: -1 };
  const questions = answering({ [from.getTime()]: [{ offset: 4 }, UNANSWERED, none], [END]: ends });
  expect([...(await questions.offsets(partitions, from, signal))]).toEqual([
    ['orders:0', 4],
    ['orders:2', 9],
  ]);
});

it('the end of a partition that did not answer is not known', async () => {
  const questions = answering({ [END]: [{ offset: 9 }, UNANSWERED, { offset: 0 }] });
  expect([...(await questions.offsets(partitions, 'latest', signal))]).toEqual([
    ['orders:0', 9],
    ['orders:2', 0],
  ]);
});
