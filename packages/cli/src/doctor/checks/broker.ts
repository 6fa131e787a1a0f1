/** Checks of the broker itself. Pure. */
import { formatBytes, formatLimit } from '../../io/format.js';
import { type Check, ofAll } from '../check.js';

/** Clocks that differ by more are told: dates of retries and ages of probes are compared between machines. */
const MOST_SKEW_MS = 5_000;
/** A limit is told when so much of it is used. */
const NEARLY_FULL = 0.9;
const WEEK_MS = 7 * 24 * 3_600_000;

const broker = ofAll('broker');
const clock = ofAll('clock');

/** Version, room of the account, how long positions are kept, topics made by mistake, and the clock. */
export const brokerChecks: readonly Check[] = [
  broker(
    'warning',
    'order-per-instance',
    'NATS before 2.11: order per aggregate holds within one instance of a service',
    ({ capabilities, broker: told }) => {
      // Where nothing is kept, nothing is given to members.
      if (capabilities.ordering === 'cluster' || capabilities.settle === 'none') return undefined;
      const version = 'value' in told ? told.value.version : undefined;
      const evidence = `${version === undefined ? 'the server' : `server ${version}`} cannot give a key to one member of a group`;
      return [evidence, 'upgrade the server to 2.11 or later, or run one instance'];
    },
  ),
  broker(
    'error',
    'keeps-nothing',
    'NATS: the server or the account has no JetStream, and topics are persistent',
    ({ listing, capabilities, topics }) => {
      const isWanted = topics.some(({ configured }) => configured?.persistence !== 'ephemeral');
      // Of a transport that could tell, with another server.
      if (!('error' in listing) || listing.error.code !== 'UNSUPPORTED') return undefined;
      return isWanted && capabilities.inspect === true
        ? [
            listing.error.text,
            'turn JetStream on for the server and the account, or configure ephemeral topics',
          ]
        : undefined;
    },
  ),
  broker(
    'warning',
    'room',
    'NATS: a limit of the account is nearly reached; publishes or subscriptions are refused then',
    ({ broker: told }) => {
      const room = 'value' in told ? (told.value.room ?? []) : [];
      return room
        .filter(({ used, limit }) => used >= limit * NEARLY_FULL)
        .map(({ of, used, limit }) => {
          const isSize = /storage|memory/.test(of);
          const shown = (value: number) => (isSize ? formatBytes(value) : value);
          return [
            `${shown(used)} of ${shown(limit)} ${of} are used`,
            `raise the limit of the account, or remove what nobody needs`,
          ] as const;
        });
    },
  ),
  broker(
    'warning',
    'positions-expire',
    'Kafka: positions of groups without members go before the messages do',
    ({ broker: told, topics }) => {
      const kept = 'value' in told ? told.value.positionsKeptMs : undefined;
      if (kept === undefined) return undefined;
      const most = topics.map(({ figures }) =>
        'value' in figures ? (figures.value?.retentionMs ?? WEEK_MS) : 0,
      );
      const needed = Math.min(WEEK_MS, Math.max(0, ...most));
      return kept >= needed
        ? undefined
        : [
            `offsets.retention.minutes is ${kept / 60_000} (${formatLimit(kept)}): a group that is away for longer begins anew`,
            `set offsets.retention.minutes=${needed / 60_000} or more on the brokers`,
          ];
    },
  ),
  broker('info', 'makes-topics', 'Kafka: a mistyped name makes a topic', ({ broker: told }) =>
    'value' in told && told.value.makesTopics === true
      ? [
          'auto.create.topics.enable is true: other clients make topics by asking for them',
          'set auto.create.topics.enable=false on the brokers',
        ]
      : undefined,
  ),
  clock(
    'warning',
    'clock-skew',
    "the broker's clock differs from this machine's by more than 5 s",
    ({ broker: told, topics, asked, answered, now }) => {
      const there = 'value' in told ? told.value.now?.getTime() : undefined;
      const newest = topics.map(({ figures }) =>
        'value' in figures ? (figures.value?.newestAt?.getTime() ?? 0) : 0,
      );
      // Where the broker does not tell its time, a message that is newer than now tells it.
      const skew =
        there === undefined ? outside(Math.max(0, ...newest), 0, now) : outside(there, asked, answered);
      if (Math.abs(skew) <= MOST_SKEW_MS) return undefined;
      const seconds = Math.round(Math.abs(skew) / 1_000);
      return [
        `the broker's clock is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} this machine's`,
        'synchronise the clocks of brokers and services (NTP)',
      ];
    },
  ),
];

/** How far a time is before or after a span; 0 within it. */
function outside(time: number, from: number, to: number): number {
  return time < from ? time - from : Math.max(0, time - to);
}
