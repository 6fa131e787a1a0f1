/** Each program runs, prints this, and ends by itself. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { expect, it } from 'vitest';

const OUTPUT: Record<string, string> = {
  'mixed-topics': `
order order-1: 42
price of the book: 12`,
  notifications: `
email: 421 try again later (retry); to alice, attempt 2; to bob, attempt 1
push: to alice; no device (discard)`,
  'audit-log': `
orders: OrderPlaced
payments: PaymentReceived
payments: message
3 digests`,
  'cross-service-health': `
health.billing: error, no_messages
the shop itself: degraded`,
  'backlog-throttling': `
1000 rows; the producer waited: true; all rows at once: false`,
  'publish-fallback': `
1 published
2 spooled
3 spooled
stored: event-1, event-2, event-3`,
  environments: `
development {"publisher":{"publishTimeout":"2s"},"topics":{"orders":{"retention":"7d","replicas":1}}}
production {"publisher":{"publishTimeout":"15s"},"topics":{"orders":{"retention":"90d","replicas":3}}}
environment: 'staging' is not among the environments; there are development, production`,
  'domain-publisher': `
order-1 1 OrderPlaced {"total":42}
order-1 2 OrderCancelled {"reason":"out of stock"}
refused: EnvelopeError`,
  'graceful-shutdown': `
first process: job 1
closed: 1 handled meanwhile, 2 handed back
second process: job 2
second process: job 3`,
  'idempotent-consumer': `
delivery 1: booked
delivery 2: was booked before
balance: 100`,
};

it('has every program of this folder', () => {
  const programs = readdirSync(fileURLToPath(new URL('.', import.meta.url)))
    .filter((name) => /(?<!\.test)\.ts$/.test(name))
    .map((name) => name.slice(0, -3));
  expect(programs.sort()).toEqual(Object.keys(OUTPUT).sort());
});

it.each(Object.entries(OUTPUT))('%s', { timeout: 60_000 }, async (name, output) => {
  const ended = await runSource(fileURLToPath(new URL(`./${name}.ts`, import.meta.url)));
  expect(ended).toEqual({ code: 0, stdout: `${output.trim()}\n`, stderr: '' });
});
