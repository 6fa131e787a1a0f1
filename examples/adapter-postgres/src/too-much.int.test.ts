/** An adapter that claims too much is told so by the conformance suite: which tests fail for which broken promise. */
import type { GroupName, Harness } from '@ebus/conformance';
import { findHeader } from '@ebus/core/driver';
import { sharedService } from '@ebus/services';
import { expect, it, vi } from 'vitest';
import { broken, type Fault, otherRecord } from './testing/claims-too-much.js';
import { type Failure, failingTests } from './testing/failing-tests.js';
import { PostgresBroker } from './testing/postgres-broker.js';

vi.setConfig({ testTimeout: 90_000 });

const { addresses } = await sharedService('postgres');
const schema = `too_much_${process.pid}`;

interface Claim {
  readonly claims: string;
  readonly does: string;
  readonly fault: Fault;
  readonly group: GroupName;
  /** Of the group's tests, those to run: under load, records that are answered at once know no end. */
  readonly only?: RegExp;
  /** One of the tests that have to fail. */
  readonly fails: string;
}

const claims: readonly Claim[] = [
  {
    claims: 'acknowledged: true',
    does: 'answers when it has taken the record',
    fault: {
      record: (record) => {
        record.stored();
        return record;
      },
    },
    group: 'receipts',
    only: /pending/,
    fails: "receipts: a publish stays pending until the broker's answer has arrived",
  },
  {
    claims: 'redelivery: true',
    does: 'takes what is handed back for handled',
    fault: { settled: (done) => done.map(({ token }) => ({ token, outcome: 'handled' })) },
    group: 'restart',
    only: /unsettled events come again/,
    fails: 'restart: unsettled events come again in order, before newer ones of their key',
  },
  {
    claims: "settle: 'individual'",
    does: 'settles nothing before the batch is complete',
    fault: { settled: (done) => (done.length < 5 ? [] : done) },
    group: 'restart',
    only: /nor does what was handled after/,
    fails: 'restart: nor does what was handled after an unsettled event of another key',
  },
  {
    claims: 'maxMessages for topics',
    does: 'has no such setting',
    fault: { settings: ['maxMessages'] },
    group: 'topic settings',
    only: /maxMessages/,
    fails: 'topic settings: a change of maxMessages is on the broker afterwards, and nothing else is changed',
  },
  {
    claims: "ordering: 'cluster'",
    does: 'hides the key from the broker, which orders by it',
    fault: {
      record: (record) =>
        otherRecord(record, {
          key: undefined,
          headers: [...record.headers, ['hidden-key', String(record.key ?? '')]],
        }),
      received: (message) => ({ ...message, key: String(findHeader(message.headers, 'hidden-key') ?? '') }),
    },
    group: 'membership',
    only: /ordering: 'cluster'/,
    fails:
      "membership: ordering: 'cluster' with handlers slower than a lease, while members join and leave: never two of an aggregate at once",
  },
  {
    claims: 'replay: true',
    does: 'starts every group at the beginning',
    fault: { spec: (spec) => ({ ...spec, from: 'earliest' }) },
    group: 'start positions',
    only: /a date begins/,
    fails: 'start positions: a date begins with the first message of that time',
  },
  {
    claims: 'dedupe: true',
    does: 'forgets the id of a message',
    fault: { record: (record) => otherRecord(record, { messageId: undefined }) },
    group: 'publishing',
    fails: 'publishing: a second publish of one message id is stored once',
  },
  {
    claims: 'lag: true',
    does: 'counts nothing',
    fault: { subscription: { lag: async () => [{ partition: 0, lag: 0 }] } },
    group: 'lag',
    fails: 'lag: is what a group has not settled, each group its own; 0 when idle',
  },
];

const harness = (fault: Fault): Harness => ({
  name: 'postgres, broken on purpose',
  persistence: 'persistent',
  transport: broken(fault),
  config: {
    type: 'postgres',
    postgres: { url: addresses[0] as string, schema, lease: '2s', pollInterval: '50ms' },
  },
  broker: new PostgresBroker(schema),
  leases: { ms: 1_000, config: { postgres: { lease: '1s' } } },
  patience: '4s',
});

it.each(claims)('claims $claims, and $does', async ({ claims: claim, does, fault, group, only, fails }) => {
  const failed = await failingTests(harness(fault), [group], only);
  const titles = failed.map(({ title }) => title);
  process.stderr.write(
    `\nclaims ${claim}, and ${does}. The suite says:\n${titles.map((title) => `  failed  ${title}\n`).join('')}`,
  );
  expect(titles).toContain(fails);
  const { message } = failed.find(({ title }) => title === fails) as Failure;
  expect(message).toMatch(/\n\nThe transport claims: .+$/);
  expect(message).toContain(claim);
});
