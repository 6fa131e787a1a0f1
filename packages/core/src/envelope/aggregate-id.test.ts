import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCleanAggregateId, isValidAggregateId, reasonAgainst } from './aggregate-id.js';

describe('isValidAggregateId', () => {
  it.each(['order-123', 'a', 'A.b:c_d-e/f', '  padded\t', 'x'.repeat(256)])('accepts %j', (id) => {
    expect(isValidAggregateId(id)).toBe(true);
  });

  it.each(['', '  ', 'a b', 'a#b', 'bücher', '订单', 'x'.repeat(257), undefined, 7])('refuses %j', (id) => {
    expect(isValidAggregateId(id as string)).toBe(false);
  });

  it('is what a plain reading of the rule says', () => {
    const odd = fc.constantFrom('', ' ', '\u00a0', '@', '[', '`', '{', '/', '\0', 'é', '😀', '\ud800');
    const plain = fc.stringMatching(/^[A-Za-z0-9:_./-]{0,140}$/);
    fc.assert(
      fc.property(plain, odd, plain, (before, between, after) => {
        const id = before + between + after;
        expect(isCleanAggregateId(id)).toBe(/^[A-Za-z0-9:_\-./]{1,256}$/.test(id));
        expect(isValidAggregateId(id)).toBe(/^[A-Za-z0-9:_\-./]{1,256}$/.test(id.trim()));
      }),
    );
  });
});

describe('reasonAgainst', () => {
  it('looks at the length in bytes before the characters', () => {
    expect(reasonAgainst(`${'x'.repeat(256)}#`)).toBe('aggregate_id too long (max 256 characters)');
    expect(reasonAgainst('é'.repeat(129))).toBe('aggregate_id too long (max 256 characters)');
    expect(reasonAgainst('é'.repeat(128))).toBe('aggregate_id contains invalid character: é');
  });

  it('names the first invalid character, whole', () => {
    expect(reasonAgainst('ab😀c#')).toBe('aggregate_id contains invalid character: 😀');
    expect(reasonAgainst(' ok ')).toBeUndefined();
  });
});
