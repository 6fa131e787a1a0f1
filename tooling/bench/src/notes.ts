/** The words around the tables of figures: what a suite measures, and what stands in the way where a target is missed. */

import { profileOf } from './profiles.js';

/** Of one suite. */
export interface Note {
  readonly title: string;
  readonly text: string;
  /** Shown where a target was missed. */
  readonly limits?: string;
}

export const NOTES: Readonly<Record<string, Note>> = {
  unordered: {
    title: 'In memory: publish to handler',
    text: '256 bytes, without order. A direct call and `eventemitter3` keep nothing, bound nothing and retry nothing.',
    limits:
      'The limit: each message is checked, admitted, counted, copied into a log, stamped, taken from a window, tried and settled. That makes ' +
      '1,220 bytes of garbage: the record of the publish 340, the promise and the receipt 170, the log 120, the delivery and its attempt ' +
      '460, lists of batches 80.' +
      profileOf('publish to handler, unordered'),
  },
  ordered: {
    title: 'In memory: ordered envelopes',
    text: '1,000 aggregates. The loops only encode and decode the same envelopes.',
    limits:
      'The limit: a message passes a log, a window, a lane and a settlement besides the codec. Nearly a fifth of the time is garbage ' +
      'collection: the log keeps each message until it is handled.' +
      profileOf('ordered envelopes'),
  },
  'pipeline-cost': {
    title: 'The cost of the pipeline',
    text: 'The time of a message from publish to handler, minus the time of the same work without a bus.',
    limits: 'The limit is that of the ordered envelopes above.',
  },
  sizes: {
    title: 'Sizes',
    text: 'Ordered envelopes in memory. The larger the payload, the more of the time is the codec.',
  },
  checks: { title: 'Checks', text: 'The share of payload checks, envelope checks and lanes.' },
  metrics: { title: 'Metrics', text: 'A collector against none.' },
  pool: {
    title: 'Handlers that wait',
    text: '10 ms of I/O a message, 1,000 aggregates, 256 handlers at once.',
    limits:
      'The limit: 256 handlers give 256x at most, and timers of one process that are due together fire one after the other.',
  },
  nats: {
    title: 'NATS',
    text:
      'On one server, with memory storage. Against the plain client that does the same job: the same bytes and headers, the envelope ' +
      'encoded and decoded, the acknowledgement awaited. ebus writes each message in one piece of memory, where the client makes ' +
      'three, and the acknowledgements of a batch in one write.\n\n' +
      'The targets of consuming hold against the plain client without order among members, which does less: with ebus one member of a group ' +
      'is active at a time. Beside it stands the plain client that does that as well, and looks for the pin in the headers of each message. ' +
      'A subscription is measured after its first 100,000 messages: the engine compiles the code of a new subscription, which a service does ' +
      'once.',
    limits:
      'The limit of publish to handler: most of the time is the client and the garbage of its parser.' +
      `${profileOf('nats, ephemeral, publish to handler')}\n\n` +
      'The limit of consuming without order among members: the plain loop reads no headers there, and the server writes none. It also leaves ' +
      'out a window in messages and bytes, the lane of the aggregate, checks of the envelope, and redeliveries that are recognised. ' +
      'These take 1.5 µs of processor time a message.' +
      profileOf('nats, JetStream, consume') +
      "\n\nThe limit with `ackPolicy: 'all'`: a batch costs one acknowledgement, but each message is read, decoded and checked as before. The " +
      'plain client with one active client gains a third by that policy.' +
      profileOf('nats, JetStream, consume with ackPolicy all'),
  },
  kafka: {
    title: 'Kafka',
    text:
      'On one broker with four partitions. The native client is the same on both sides. Consuming is measured from the first message to the ' +
      'last commit. The time until the first message is a row of its own: a few tenths of a second for each subscription, however many ' +
      'messages follow. ebus waits there until the broker has its first commit, so that the group keeps its place whatever happens next.',
    limits:
      'The limit of publishing: garbage collection. Thousands of publishes are under way at once, each with its bytes for a dead ' +
      'letter, its deadline and its place in the order.' +
      `${profileOf('kafka, publish')}\n\n` +
      'The limit of consuming: envelopes are checked, not only decoded. The client takes the next messages off its queue while these are ' +
      'handled, which wins back some of it where a processor is free for that.' +
      profileOf('kafka, consume'),
  },
  peers: {
    title: 'Other libraries',
    text: 'From publish to handler. NestJS sends the same envelopes as JSON, and its handlers have no order by key. It has a process of its own.',
    limits:
      'The limit: both sides share the client, the broker and the cost of JSON, which with the writes to the socket is near half of the time of ' +
      'ebus. ebus also checks each envelope on both ends, writes its ' +
      'headers and keeps the order of its key.' +
      profileOf('peers, NATS'),
  },
  'key-ordered': {
    title: 'Order by key with handlers that wait',
    text:
      '25,000 records of 1,000 keys on 8 partitions, each handled by a timer of so many milliseconds. A key runs one record at a time. ' +
      "Published figures are those of [Confluent's Parallel Consumer](https://github.com/confluentinc/parallel-consumer) and " +
      '[kpipe](https://github.com/eschizoid/kpipe) on their own machines.',
    limits:
      'The limit: one process of JavaScript uses one processor for decoding and for the timers of the handlers. A key of 25 records takes ' +
      '2.5 s with handlers of 100 ms, so 10,000 a second is the most. The rest of the time passes until the last key has begun.' +
      profileOf('key-ordered, 100 ms'),
  },
  latency: {
    title: 'Latency',
    text: 'From the time at which a message was due to its handler. Kafka gathers messages for 5 ms before it sends them.',
  },
  scaling: {
    title: 'Growth',
    text: 'In memory. Messages of one topic come in runs of 100. Those that wait were published while the subscription was paused.',
    limits:
      'The limit: more live objects are copied and marked more often by the garbage collector, and fit no cache of the processor.',
  },
};
