import { expect, it } from 'vitest';
import { ConnectionError, EbusError } from '../errors.js';
import { TopicApplyError } from './apply-error.js';

const away = new ConnectionError('away');
const denied = new EbusError('denied', { code: 'UNAUTHORIZED' });

it('is worth another try where each failure is', () => {
  expect(new TopicApplyError([{ topic: 'a', error: away }], []).retryable).toBe(true);
  expect(
    new TopicApplyError(
      [
        { topic: 'a', error: away },
        { topic: 'b', error: denied },
      ],
      [],
    ),
  ).toMatchObject({
    retryable: false,
    code: 'TOPIC_APPLY_FAILED',
    cause: away,
    message: '2 of 2 topics could not be configured: a: away; b: denied',
  });
});

it('names ten, and counts the others', () => {
  const failures = Array.from({ length: 12 }, (_, index) => ({ topic: `t${index}`, error: denied }));
  const error = new TopicApplyError(failures, [{} as never]);
  expect(error.message).toMatch(/^12 of 13 topics .*t9: denied; and 2 more$/);
  expect(error.failures).toHaveLength(12);
});
