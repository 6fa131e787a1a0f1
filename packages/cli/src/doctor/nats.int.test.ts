/** The doctor on a real NATS server: streams and consumers that break a promise, and the same when they are mended. */
import { nats } from '@ebus/nats';
import { sharedService } from '@ebus/services';
import { beforeAll, describe, expect, it } from 'vitest';
import { uniqueName } from '../../../conformance/src/test-kit/unique-name.js';
import { examined, expectFound, expectFoundOf, lettersOf, serious } from '../testing/misconfigured.js';
import { consumerOf, managed, streamOf } from '../testing/nats.js';
import { expectSound } from '../testing/sound-bus.js';
import { CONSUMERS, SOUND_CONSUMER, SOUND_STREAM, STREAMS, type Wrong } from '../testing/wrong-on-nats.js';
import type { Finding } from './finding.js';

const TIMEOUT = 60_000;
const GROUP = 'billing';

describe('on a NATS server the doctor finds', () => {
  // Letters and digits alone, so that ebus names the consumers by them.
  const prefix = uniqueName('ill').replaceAll('-', '');
  const rows = [...STREAMS, ...CONSUMERS].map((row, i) => ({ ...row, topic: `${prefix}.row${i}` }));
  const topics = Object.fromEntries(rows.map(({ topic }) => [topic, {}]));
  let urls: readonly string[];
  let found: readonly Finding[];
  const examine = () => examined({ type: 'nats', serviceName: GROUP, nats: { urls }, topics });

  beforeAll(async () => {
    ({ addresses: urls } = await sharedService('nats', { version: 'current' }));
    for (const row of rows) await misconfigure(urls, row);
    found = await examine();
  }, TIMEOUT);

  it.each(rows)('$wrong', (row) => expectFoundOf(found, row));

  it(
    'nothing once they are mended',
    async () => {
      for (const row of rows) await mend(urls, row);
      expect(serious(await examine())).toEqual([]);
    },
    TIMEOUT,
  );
});

type Row = Wrong & { readonly topic: string };

const misconfigure = (
  urls: readonly string[],
  { topic, stream, consumer, letters, readsOther = false, messages = 0 }: Row,
) =>
  managed(urls, async (manager) => {
    const { streams, consumers } = manager;
    const name = streamOf(topic);
    const { sealed = false, ...settings } = stream ?? {};
    const other = `${topic}.other`;
    await streams.add({ name, subjects: readsOther ? [topic, other] : [topic], ...settings });
    if (sealed) await streams.update(name, { sealed } as object);
    if (letters !== undefined)
      await streams.add({ name: streamOf(lettersOf(topic)), subjects: [lettersOf(topic)], ...letters });
    const filter = readsOther ? { filter_subject: other } : {};
    if (readsOther || consumer !== undefined)
      await consumers.add(name, { ...consumerOf(topic, GROUP), ...consumer, ...filter });
    for (let i = 0; i < messages; i++) await manager.jetstream().publish(topic, 'a');
  });

/** As the remedies say. */
const mend = (urls: readonly string[], { topic, consumer, letters, messages = 0, stream, ...row }: Row) =>
  managed(urls, async ({ streams, consumers }) => {
    const { anew = false, readsOther = false } = row;
    const name = streamOf(topic);
    const sound = { name, subjects: [topic] };
    if (anew) {
      await streams.delete(name);
      await streams.add(sound);
    } else if (stream !== undefined) {
      await streams.update(name, { ...SOUND_STREAM, ...sound });
    }
    if (letters !== undefined) await streams.update(streamOf(lettersOf(topic)), SOUND_STREAM);
    if (anew && (consumer !== undefined || readsOther)) await consumers.add(name, consumerOf(topic, GROUP));
    else if (consumer !== undefined) {
      await consumers.update(name, consumerOf(topic, GROUP).durable_name, SOUND_CONSUMER);
      await consumers.resume(name, consumerOf(topic, GROUP).durable_name);
    }
    if (messages > 0) await streams.purge(name);
  });

it(
  'finds a configured stream that is a mirror, and one with other subjects, and changes neither',
  async () => {
    const { addresses: urls } = await sharedService('nats', { version: 'current' });
    const name = uniqueName('ill').replaceAll('-', '');
    const topic = `${name}.orders`;
    const stream = { name, subjects: [`${name}.>`] };
    const config = { type: 'nats', serviceName: GROUP, nats: { urls, jetstream: { stream } } };
    const examine = () => examined({ ...config, topics: { [topic]: {} } });
    await managed(urls, async ({ streams }) => {
      await streams.add({ name: `${name}source`, subjects: [`${name}source`] });
      await streams.add({ name, mirror: { name: `${name}source` } } as never);
      expectFound(await examine(), topic, {
        wrong: 'a mirror',
        finding: ['not-writable', 'error', /takes no messages \(sealed, or a mirror\)/, /another topic/],
      });
      await streams.delete(name);
      await streams.add({ name, subjects: [`${name}.other`] });
      expectFound(await examine(), topic, {
        wrong: 'other subjects',
        finding: ['name-not-taken', 'error', /has no subject that takes it/, /add the subject to the stream/],
      });
      expect((await streams.info(name)).config.subjects).toEqual([`${name}.other`]);
      await streams.update(name, { subjects: stream.subjects });
      expect(serious(await examine())).toEqual([]);
    });
  },
  TIMEOUT,
);

it(
  'says nothing about a sound NATS, and leaves nothing behind',
  async () => {
    const { addresses: urls } = await sharedService('nats', { version: 'current' });
    const topic = `${uniqueName('sound')}.orders`;
    await expectSound({
      plugin: nats,
      topic,
      config: {
        type: 'nats',
        serviceName: uniqueName('billing'),
        nats: { urls: [...urls] },
        topics: { [topic]: { retention: '7d' } },
      },
      traces: () =>
        managed(urls, async (manager) => {
          const { config: stream, state } = await manager.streams.info(await manager.streams.find(topic));
          const consumers: string[] = [];
          for await (const { name } of manager.consumers.list(stream.name)) consumers.push(name);
          const names: string[] = [];
          for await (const name of manager.streams.names()) names.push(name);
          return {
            consumers,
            last: state.last_seq,
            streams: names.filter((name) => name.includes(streamOf(topic))),
          };
        }),
    });
  },
  TIMEOUT,
);
