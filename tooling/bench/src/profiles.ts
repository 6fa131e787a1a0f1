/**
 * Where the processor time of a message goes: shares of samples (`node --cpu-prof`), without idle time and start-up. Taken by hand when
 * a path changes much; the figures of a run do not contain them.
 */

type Profile = Readonly<Record<string, number>>;

const PROFILES: Readonly<Record<string, Profile>> = {
  'publish to handler, unordered': {
    'memory adapter': 27,
    'consume (core)': 22,
    'publish (core)': 17,
    'Node and clock': 15,
    'garbage collection': 12,
    'benchmark and rest': 7,
  },
  'ordered envelopes': {
    'envelope: encode, decode, check (core)': 42,
    'garbage collection': 18,
    'Node (buffers, text)': 15,
    'consume (core)': 7,
    'memory adapter': 6,
    'publish (core)': 4,
    'benchmark and rest': 8,
  },
  'nats, ephemeral, publish to handler': {
    'garbage collection': 22,
    'client: parser and protocol': 20,
    'Node (streams, buffers)': 18,
    'consume (core)': 10,
    'socket writes': 9,
    'NATS adapter': 6,
    'publish (core)': 5,
    'benchmark and rest': 10,
  },
  'nats, JetStream, consume': {
    'envelope: decode, check (core)': 22,
    'socket writes (acknowledgements)': 21,
    'client: parser and protocol': 16,
    'NATS adapter': 15,
    'Node (streams, buffers)': 9,
    'consume (core)': 8,
    'garbage collection': 4,
    rest: 5,
  },
  'nats, JetStream, consume with ackPolicy all': {
    'envelope: decode, check (core)': 18,
    'socket writes (requests, acknowledgements)': 16,
    'client: parser and protocol': 15,
    'garbage collection': 13,
    'NATS adapter': 12,
    'consume (core)': 11,
    'Node (streams, buffers)': 11,
    rest: 4,
  },
  'kafka, consume': {
    'client: librdkafka and its binding': 51,
    'envelope: decode, check (core)': 18,
    'garbage collection': 8,
    'Kafka adapter': 7,
    'consume (core)': 7,
    'Node and rest': 9,
  },
  'kafka, publish': {
    'client: librdkafka and its binding': 39,
    'garbage collection': 18,
    'envelope: encode, check (core)': 10,
    'Node (buffers, text)': 10,
    'publish (core)': 7,
    'Kafka adapter': 7,
    'benchmark and rest': 9,
  },
  'peers, NATS': {
    'envelope: encode, decode, check (core)': 30,
    'socket writes': 15,
    'Node (streams, buffers)': 14,
    'publish and consume (core)': 9,
    'garbage collection': 8,
    'client: parser and protocol': 7,
    'NATS adapter': 6,
    'benchmark and rest': 11,
  },
  'key-ordered, 100 ms': {
    'garbage collection': 25,
    'Node (timers, promises)': 20,
    'client: librdkafka and its binding': 19,
    'consume (core)': 13,
    'envelope: decode, check (core)': 8,
    'Kafka adapter': 5,
    'benchmark and rest': 10,
  },
};

/** As a table of its own. */
export function profileOf(name: string): string {
  const rows = Object.entries(PROFILES[name] ?? {}).map(([part, share]) => `| ${part} | ${share} % |`);
  return ['', '', `| profile: ${name} | share |`, '| --- | ---: |', ...rows].join('\n');
}
