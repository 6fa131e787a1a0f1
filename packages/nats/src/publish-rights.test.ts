import { describe, expect, it } from 'vitest';
import { allows, readLoginInfo } from './publish-rights.js';

describe('readLoginInfo', () => {
  it('reads rights and the clock', () => {
    const text =
      '{"server":{"time":"2026-11-26T03:00:00.123456789Z"},"data":{"permissions":{"publish":{"allow":["a"]}}}}';
    expect(readLoginInfo(text)).toEqual({
      now: new Date('2026-11-26T03:00:00.123Z'),
      publish: { allow: ['a'] },
    });
  });

  it('takes an error for no answer, and none for no restrictions', () => {
    expect(readLoginInfo('{"error":{"code":403}}')).toBeUndefined();
    expect(readLoginInfo('{"data":{"user":"x"}}')).toEqual({});
    expect(readLoginInfo('{"data":{"permissions":{"publish":null}}}')).toEqual({});
  });
});

describe('allows', () => {
  it.each<[boolean, { allow?: string[]; deny?: string[] } | undefined]>([
    [true, undefined],
    [true, {}],
    [true, { allow: ['shop.>'] }],
    [true, { allow: ['other', 'shop.*'] }],
    [false, { allow: ['other'] }],
    [false, { deny: ['shop.orders'] }],
    [false, { allow: ['shop.>'], deny: ['*.orders'] }],
    [true, { deny: ['shop.refunds'] }],
  ])('says %s for %j', (may, publish) => {
    expect(allows(publish === undefined ? {} : { publish }, 'shop.orders')).toBe(may);
  });
});
