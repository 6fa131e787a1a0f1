import { expect, it, vi } from 'vitest';
import { PublishError } from '../errors.js';
import type { PublishJob } from '../publish/publish-job.js';
import type { Emitter } from './bus-events.js';
import { publishReports } from './publish-reports.js';

function reporting(...heard: string[]) {
  const [emit, warn] = [vi.fn(), vi.fn()];
  const events = { has: (name: string) => heard.includes(name), emit } as unknown as Emitter;
  const logger = { debug() {}, info() {}, error() {}, warn };
  return { emit, warn, reports: publishReports(events, logger, () => 'disclosed') };
}

const envelope = { eventId: 'e', aggregateId: 'a', eventType: 'Placed', payload: 'secret' };
const job = (of: object) => ({ topic: 'orders', orderKey: 'k', attempts: 1, ...of }) as PublishJob;

it('tells listeners of publishes, with the ids of the event and not its payload', () => {
  const { emit, reports } = reporting('published');
  expect(reports.wantsPublished).toBe(true);
  const receipt = { topic: 'orders', duplicate: true } as const;
  reports.published(receipt, job({ envelope }));
  reports.published(receipt, job({ attempts: 2 }));
  expect(emit.mock.calls).toMatchObject([
    ['published', { topic: 'orders', key: 'k', eventId: 'e', eventType: 'Placed', duplicate: true, receipt }],
    ['published', { eventId: undefined, duplicate: false }],
  ]);
  expect(JSON.stringify(emit.mock.calls)).not.toContain('secret');
});

it('makes no words of failures that nobody hears', () => {
  const error = new PublishError('no');
  const unheard = reporting();
  unheard.reports.publishFailed(error, job({}));
  expect(unheard.emit).not.toHaveBeenCalled();
  const { emit, reports } = reporting('publishFailed');
  reports.publishFailed(error, job({ envelope }));
  expect(emit.mock.calls).toMatchObject([
    ['publishFailed', { error, errorMessage: 'disclosed', eventId: 'e' }],
  ]);
});

it('warns of failures that a reader was closed with', () => {
  const { warn, reports } = reporting();
  reports.failuresUnread(3);
  expect(warn.mock.calls).toMatchObject([[{ failed: 3 }, /before anybody read/]]);
});
