import type { StreamConfig } from '@nats-io/jetstream';
import { expect, it } from 'vitest';
import { judgeStream } from './stream-verdict.js';

const judge = (settings: object) =>
  judgeStream('shop.orders', { name: 'SHOP', subjects: ['shop.>'], ...settings } as StreamConfig);

it('a stream that stores the topic under another subject is refused', () => {
  expect(judge({ subject_transform: { src: 'shop.>', dest: 'old.>' } }).refusal).toMatch(/subject_transform/);
  expect(judge({ subject_transform: { src: '', dest: 'old.>' } }).refusal).toBeDefined();
  expect(judge({ subject_transform: { src: 'old.>', dest: 'shop.>' } })).toEqual({});
});

it('a stream that recognises repeated messages for a moment only is worth a warning', () => {
  expect(judge({ duplicate_window: 100e6 }).warning).toContain('100 ms');
  expect(judge({ duplicate_window: 120e9 })).toEqual({});
  expect(judge({})).toEqual({});
});
