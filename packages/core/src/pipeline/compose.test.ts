import { describe, expect, it } from 'vitest';
import { composeConsume, composePublish } from './compose.js';
import type { ConsumeMiddleware, HandlerContext, PublishMiddleware, PublishReceipt } from './context.js';
import type { PublishRecord } from './message.js';

const attempt = { context: {} as HandlerContext };

function logging(log: string[], name: string): ConsumeMiddleware {
  return async (_context, next) => {
    log.push(`${name} before`);
    await next();
    log.push(`${name} after`);
  };
}

describe('consume middleware', () => {
  it('wraps the handler, the first one outermost', async () => {
    const log: string[] = [];
    const handle = composeConsume<typeof attempt>(
      [logging(log, 'outer'), logging(log, 'inner')],
      () => void log.push('handler'),
    );
    await handle(attempt);
    expect(log).toEqual(['outer before', 'inner before', 'handler', 'inner after', 'outer after']);
  });

  it('leaves the handler as it is where there is none', () => {
    const handler = () => {};
    expect(composeConsume([], handler)).toBe(handler);
  });

  it('gets a rejection of what throws at once, and cannot call the handler twice', async () => {
    let calls = 0;
    const twice: ConsumeMiddleware = async (_context, next) => {
      await next().catch(() => {});
      await next();
    };
    const handle = composeConsume<typeof attempt>([twice], () => {
      calls++;
      throw new Error('at once');
    });
    await expect(handle(attempt)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringMatching(/next\(\) twice/),
    });
    expect(calls).toBe(1);
  });
});

describe('publish middleware', () => {
  const receipt: PublishReceipt = { topic: 'orders' };

  it('is nothing where there is none', () => {
    expect(composePublish([])).toBeUndefined();
  });

  it('wraps the send, the first one outermost', async () => {
    const log: string[] = [];
    const via =
      (name: string): PublishMiddleware =>
      async (_record, next) => {
        log.push(name);
        return next();
      };
    const composed = composePublish([via('outer'), via('inner')]);
    await expect(composed?.({} as PublishRecord, async () => receipt)).resolves.toBe(receipt);
    expect(log).toEqual(['outer', 'inner']);
  });
});
