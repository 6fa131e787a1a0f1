import { expect, it } from 'vitest';
import { endingOf } from './pull-inbox.js';

it.each([
  [408, 'Request Timeout', 'expired'],
  [404, 'No Messages', 'expired'],
  [409, 'Message Size Exceeds MaxBytes', 'large'],
  [409, 'Batch Completed', 'expired'],
  [409, 'Consumer Deleted', 'consumer'],
  [409, 'Leadership Change', 'consumer'],
  [409, 'Server Shutdown', 'consumer'],
  [503, '', 'consumer'],
  [423, 'Nats-Wrong-Pin-Id', 'unpinned'],
  [400, 'Bad Request - Priority Group missing', 'refused'],
  [409, 'Exceeded MaxRequestBatch of 1', 'refused'],
  [409, 'Exceeded MaxRequestMaxBytes of 10', 'refused'],
  [409, 'Exceeded MaxWaiting', 'refused'],
  [409, 'Consumer is push based', 'refused'],
])('a request that ends with %s %s is %s', (code, text, ending) => {
  expect(endingOf(code, text)).toBe(ending);
});
