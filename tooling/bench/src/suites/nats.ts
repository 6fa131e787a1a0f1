/** NATS: ebus and plain nats.js in turn on one server, doing the same job. */
import { createEventBus, type Envelope, type EventBus } from '@ebus/core';
import { nats } from '@ebus/nats';
import { type Service, startService } from '@ebus/services';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { bareEncode } from '../bare-codec.js';
import { type Contender, compare, type Measured, ratio } from '../compare.js';
import { aggregateIds, envelopeNumber } from '../envelopes.js';
import { Countdown, pipelined } from '../pipelined.js';
import { against, type Row, speedOf } from '../report.js';
import { ebusConsume, rawConsume, STORED, store } from '../stored-messages.js';

const PAYLOAD = new Uint8Array(256).fill(0x61);
const KEYS = aggregateIds(1000);
const CORE = 'bench.core';
const END_TO_END = 'bench.end-to-end';
const ENVELOPES = 'bench.envelopes';
const RAW_ENVELOPES = 'bench-raw.envelopes';
const STREAM = 'bench';
/** What both sides work with: connections of their own to one server. */
interface Sides {
  readonly bus: EventBus;
  /** Settles by prefix. */
  readonly byPrefix: EventBus;
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
}

export async function natsSuite(rounds: number): Promise<Row[]> {
  const server = await startService('nats', { own: true, log: () => {} });
  const sides = await connectBoth(server);
  try {
    return await measureAll(sides, rounds);
  } finally {
    await sides.bus.close();
    await sides.byPrefix.close();
    await sides.connection.close();
    await server.close();
  }
}

async function measureAll(sides: Sides, rounds: number): Promise<Row[]> {
  const core = await compare({ raw: rawPublish(sides), ebus: ebusPublish(sides) }, rounds);
  const whole = await compare({ raw: rawEndToEnd(sides), ebus: await ebusEndToEnd(sides) }, rounds);
  const stored = await compare(
    { raw: rawJetStream(sides, headersOf), bare: rawJetStream(sides), ebus: ebusJetStream(sides) },
    rounds,
  );
  const { bus, byPrefix, client, connection, manager } = sides;
  await store(bus);
  const raw = { client, connection, manager, stream: `${STREAM}-ebus` };
  const consumed = await compare(
    {
      raw: rawConsume(raw, { oneActive: true }),
      bare: rawConsume(raw, {}),
      ebus: ebusConsume(bus, 'ebus subscribeEnvelope, ordered'),
      rawPrefix: rawConsume(raw, { oneActive: true, byPrefix: true }),
      prefix: ebusConsume(byPrefix, "ebus subscribeEnvelope, ordered, ackPolicy 'all'"),
    },
    rounds,
  );
  return [
    ...rows(core, 0.92),
    ...rows(whole, 0.88),
    ...rows(stored, 1.3),
    speedOf(stored.bare),
    against(
      'the same without the headers of an envelope, by the clock',
      ratio(stored.ebus, stored.bare, 'clock'),
    ),
    ...rows({ raw: consumed.bare, ebus: consumed.ebus }, 0.9, 0.82),
    ...besides(consumed.raw, 'with one active client', consumed.ebus),
    ...figures({ raw: consumed.bare, ebus: consumed.prefix }, 1.3),
    ...besides(consumed.rawPrefix, 'with one active client and ack policy all', consumed.prefix),
  ];
}

/** Another way of the plain client, which does less. */
function besides(raw: Measured, how: string, ebus: Measured): Row[] {
  return [
    speedOf(raw),
    against(`raw nats.js ${how}, by the clock`, ratio(ebus, raw, 'clock')),
    against(`raw nats.js ${how}, by processor time`, ratio(ebus, raw, 'processor')),
  ];
}

type Both = Record<'raw' | 'ebus', Measured>;

function rows(both: Both, target: number, processor?: number): Row[] {
  return [speedOf(both.raw), ...figures(both, target, processor)];
}

function figures({ raw, ebus }: Both, target: number, processor?: number): Row[] {
  return [
    {
      ...speedOf(ebus),
      ...against('raw nats.js, by the clock', ratio(ebus, raw, 'clock'), target),
    },
    against('raw nats.js, by processor time', ratio(ebus, raw, 'processor'), processor),
  ];
}

async function connectBoth({ addresses }: Service): Promise<Sides> {
  const urls = [...addresses];
  const persistence = 'ephemeral' as const;
  const busWith = (consumer: { ackPolicy?: 'all' }) =>
    createEventBus(
      {
        type: 'nats',
        serviceName: 'bench',
        topics: { [CORE]: { persistence }, [END_TO_END]: { persistence } },
        nats: { urls, jetstream: { stream: { storage: 'memory' }, consumer } },
      },
      { plugins: [nats] },
    );
  const bus = await busWith({});
  const byPrefix = await busWith({ ackPolicy: 'all' });
  const connection = await connect({
    servers: urls.map((url) => url.replace('nats://', '')),
    noAsyncTraces: true,
  });
  const manager = await jetstreamManager(connection);
  // A stream of its own for each side, so that neither searches what the other has stored.
  const common = { storage: 'memory', retention: 'limits', max_msgs: 500_000 } as const;
  await manager.streams.add({
    ...common,
    name: `${STREAM}-ebus`,
    subjects: ['bench.envelopes', STORED],
  } as never);
  await manager.streams.add({ ...common, name: `${STREAM}-raw`, subjects: [RAW_ENVELOPES] } as never);
  return { bus, byPrefix, connection, client: jetstream(connection), manager };
}

function rawPublish({ connection }: Sides): Contender {
  return {
    name: 'nats.js publish, 256 B',
    messages: 300_000,
    async run(messages) {
      await pipelined(messages, async () => connection.publish(CORE, PAYLOAD));
      await connection.flush();
    },
  };
}

function ebusPublish({ bus }: Sides): Contender {
  return {
    name: 'ebus publish to an ephemeral topic, 256 B',
    messages: 300_000,
    async run(messages) {
      await pipelined(messages, () => bus.publish(CORE, PAYLOAD));
      await nats.native(bus).connection.flush();
    },
  };
}

function rawEndToEnd({ connection }: Sides): Contender {
  const countdown = new Countdown();
  connection.subscribe(`${END_TO_END}.raw`, { queue: 'bench', callback: () => countdown.hit() });
  return {
    name: 'nats.js publish to callback',
    messages: 200_000,
    async run(messages) {
      const handled = countdown.start(messages);
      await pipelined(messages, async () => connection.publish(`${END_TO_END}.raw`, PAYLOAD));
      await handled;
    },
  };
}

async function ebusEndToEnd({ bus }: Sides): Promise<Contender> {
  const countdown = new Countdown();
  await bus.subscribe(END_TO_END, () => countdown.hit());
  return {
    name: 'ebus publish to handler, ephemeral',
    messages: 200_000,
    async run(messages) {
      const handled = countdown.start(messages);
      await pipelined(messages, () => bus.publish(END_TO_END, PAYLOAD));
      await handled;
    },
  };
}

let eventNumber = 0;

/** What ebus sends along with an envelope. */
function headersOf(envelope: Envelope): MsgHdrs {
  const all = headers();
  all.set('X-Event-ID', envelope.eventId);
  all.set('X-Aggregate-ID', envelope.aggregateId);
  all.set('X-Event-Version', String(envelope.eventVersion));
  all.set('X-Event-Type', envelope.eventType);
  return all;
}

function rawJetStream({ client }: Sides, headersFor?: typeof headersOf): Contender {
  return {
    name: `nats.js JetStream publish with msgID${headersFor === undefined ? '' : ', the same headers'}, pipelined`,
    messages: 20_000,
    run: (messages) =>
      pipelined(messages, () => {
        const envelope = envelopeNumber(eventNumber++, KEYS);
        return client.publish(RAW_ENVELOPES, bareEncode(envelope), {
          msgID: `${RAW_ENVELOPES}:${envelope.eventId}`,
          ...(headersFor === undefined ? {} : { headers: headersFor(envelope) }),
        });
      }),
  };
}

function ebusJetStream({ bus }: Sides): Contender {
  return {
    name: 'ebus publishEnvelope, pipelined',
    messages: 20_000,
    run: (messages) =>
      pipelined(messages, () => bus.publishEnvelope(ENVELOPES, envelopeNumber(eventNumber++, KEYS))),
  };
}
