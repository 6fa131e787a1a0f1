import { expect, it } from 'vitest';
import { alertTypeOf, missesOf, severityOfMisses, stepsTo } from './alerting.js';

const THRESHOLDS = { warningThreshold: 2, errorThreshold: 3, criticalThreshold: 5 };

it('counts whole intervals without a probe', () => {
  expect([
    missesOf(0, 100),
    missesOf(99, 100),
    missesOf(100, 100),
    missesOf(299, 100),
    missesOf(-50, 100),
  ]).toEqual([0, 0, 1, 2, 0]);
});

it.each([
  [1, undefined],
  [2, 'warning'],
  [3, 'error'],
  [4, 'error'],
  [5, 'critical'],
  [500, 'critical'],
])('%d misses are %s', (misses, severity) => {
  expect(severityOfMisses(misses, THRESHOLDS)).toBe(severity);
});

it('says what is most likely the matter', () => {
  expect([alertTypeOf(false, 3), alertTypeOf(true, 3), alertTypeOf(true, 0)]).toEqual([
    'connection_lost',
    'message_expired',
    'no_messages',
  ]);
});

it('is told again only where it is worse, each severity on the way', () => {
  expect([
    stepsTo('warning', undefined),
    stepsTo('critical', 'warning'),
    stepsTo('error', 'error'),
    stepsTo('warning', 'critical'),
  ]).toEqual([['warning'], ['error', 'critical'], [], []]);
});
