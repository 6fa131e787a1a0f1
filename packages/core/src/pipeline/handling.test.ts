import { describe, expect, it } from 'vitest';
import { inheritedIds, isHandling, whileHandling } from './handling.js';
import type { MessageIds } from './message-ids.js';

const handled = (ids: Partial<MessageIds>) => ({ ids: ids as MessageIds });

describe('the message that is being handled', () => {
  it('is known behind every await of its handler, and only there', async () => {
    expect([isHandling(), inheritedIds()]).toEqual([false, undefined]);
    const one = whileHandling(handled({ correlationId: 'c-1', tenantId: 7 }), async () => {
      await Promise.resolve();
      return inheritedIds();
    });
    const two = whileHandling(handled({ eventId: 'e-2' }), async () => {
      await Promise.resolve();
      return inheritedIds();
    });
    expect(isHandling()).toBe(false);
    expect(await Promise.all([one, two])).toEqual([
      { correlationId: 'c-1', tenantId: 7 },
      { correlationId: 'e-2', tenantId: undefined },
    ]);
  });

  it('gives the handler what it was called with, and its result back', () => {
    const message = handled({ eventId: 'e' });
    expect(whileHandling(message, (one) => one === message && isHandling())).toBe(true);
  });

  it.each([{ correlationId: 'x'.repeat(257) }, { correlationId: 'a\nb' }, { eventId: 'a\u0000b' }])(
    'hands on no id that a broker would refuse: %o',
    (ids) => {
      expect(whileHandling(handled(ids), inheritedIds)?.correlationId).toBe(undefined);
    },
  );
});
