import type { SendRecord } from '@ebus/core/driver';
import { expect, it } from 'vitest';
import { answer } from './publish-answer.js';

function outcomeOf(text: string): unknown {
  const outcomes: unknown[] = [];
  const record = {
    topic: 't',
    stored: (position: object, duplicate: boolean) => void outcomes.push({ ...position, duplicate }),
    failed: (error: unknown) => void outcomes.push(error),
  } as unknown as SendRecord;
  answer(record, new TextEncoder().encode(text));
  return outcomes[0];
}

it.each([
  ['{"stream":"S","seq":7}', { offset: 7, duplicate: false }],
  ['{"stream":"S","seq":7,"duplicate":true}', { offset: 7, duplicate: true }],
  [
    '{"error":{"code":400,"err_code":10054,"description":"too large"}}',
    { code: 'MESSAGE_TOO_LARGE', retryable: false },
  ],
  [
    '{"error":{"code":503,"err_code":10077,"description":"full"}}',
    { code: 'PUBLISH_FAILED', retryable: true },
  ],
  ['{}', { code: 'PUBLISH_FAILED' }],
  ['no JSON', { code: 'PUBLISH_FAILED' }],
])('%s', (text, outcome) => {
  expect(outcomeOf(text)).toMatchObject(outcome);
});
