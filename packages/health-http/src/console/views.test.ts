import type { DeadLetter, Message } from '@ebus/core';
import { describe, expect, it } from 'vitest';
import { cut, DETAIL_BYTES, letterDetails, letterView, PREVIEW_BYTES, payloadOf } from './views.js';

const encoder = new TextEncoder();

function messageOf(value: string | Uint8Array, more: Partial<Message> = {}): Message {
  const data = typeof value === 'string' ? encoder.encode(value) : value;
  const headers = new Map<string, string | Uint8Array>();
  return { topic: 'orders', key: 'k', data, tombstone: false, headers, ...more } as unknown as Message;
}

function letterOf(message: Message, more: Partial<DeadLetter> = {}): DeadLetter {
  return { message, originalTopic: 'orders', attempts: 2, ...more } as DeadLetter;
}

describe('payloads', () => {
  it('are JSON, text, bytes or nothing', () => {
    expect(payloadOf(messageOf('{"a":1}'), undefined, PREVIEW_BYTES)).toEqual({
      kind: 'json',
      text: '{"a":1}',
      bytes: 7,
      cut: false,
    });
    expect(payloadOf(messageOf('<b>'), undefined, PREVIEW_BYTES)).toMatchObject({
      kind: 'text',
      text: '<b>',
    });
    expect(payloadOf(messageOf(new Uint8Array([255, 0])), undefined, PREVIEW_BYTES)).toMatchObject({
      kind: 'bytes',
      text: '/wA=',
    });
    expect(payloadOf(messageOf('', { tombstone: true }), undefined, PREVIEW_BYTES).kind).toBe('tombstone');
    expect(payloadOf(messageOf('null'), undefined, PREVIEW_BYTES)).toMatchObject({
      kind: 'json',
      text: 'null',
    });
  });

  it('have all digits of their numbers, also where something is masked', () => {
    const message = messageOf('{"id":12345678901234567890,"email":"a@b.example"}');
    const textOf = (mask?: string[]) => payloadOf(message, mask, PREVIEW_BYTES).text;
    expect(textOf()).toBe('{"id":"12345678901234567890","email":"a@b.example"}');
    expect(textOf(['email'])).toBe('{"id":"12345678901234567890","email":"***"}');
  });

  it('are cut, whatever they are', () => {
    const large = JSON.stringify({ note: 'ä'.repeat(1_000_000) });
    for (const message of [
      messageOf(large),
      messageOf(large.slice(1)),
      messageOf(new Uint8Array(2_000_000).fill(255)),
    ]) {
      for (const limit of [PREVIEW_BYTES, DETAIL_BYTES]) {
        const { text, cut: isCut, bytes } = payloadOf(message, undefined, limit);
        expect(text.length).toBeLessThanOrEqual(Math.ceil((limit * 4) / 3) + 4);
        expect([isCut, bytes > 1_000_000]).toEqual([true, true]);
      }
    }
  });

  it('are shown as they are where they are nested too deeply', () => {
    const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
    expect(payloadOf(messageOf(deep), undefined, DETAIL_BYTES).text).toBe(deep);
    expect(payloadOf(messageOf(deep), ['email'], DETAIL_BYTES).text).toContain('***');
  });

  it('are hidden by a mask where it cannot be applied', () => {
    expect(payloadOf(messageOf('{"email":"a"}'), ['email'], PREVIEW_BYTES).text).toBe('{"email":"***"}');
    for (const value of ['email=a', new Uint8Array([255]), `{"email":"${'a'.repeat(3_000_000)}"}`]) {
      expect(payloadOf(messageOf(value), ['email'], PREVIEW_BYTES)).toMatchObject({
        kind: 'masked',
        text: '',
      });
    }
    const large = `{"email":"secret","note":"${'x'.repeat(1_000_000)}"}`;
    expect(payloadOf(messageOf(large), ['email'], PREVIEW_BYTES).text).not.toContain('secret');
  });
});

it('shows letters with the facts that are known', () => {
  const headers = new Map([['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']]);
  const message = messageOf('{"a":1}', { headers: headers as never, position: { partition: 3, offset: 7 } });
  const view = letterView(letterOf(message, { errorMessage: 'x'.repeat(5_000), failedAt: new Date(0) }));
  expect(view).toMatchObject({
    position: '3:7',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    attempts: 2,
    failedAt: '1970-01-01T00:00:00.000Z',
  });
  expect(view.error).toHaveLength(2_000);
  expect('group' in view).toBe(false);
  const details = letterDetails(letterOf(message));
  expect(details.headers).toHaveLength(1);
  expect(details.payload.text).toBe('{\n  "a": 1\n}');
});

it('hides the parked key with the key', () => {
  const view = letterView(letterOf(messageOf('{}'), { parkedKey: 'k' }), () => {
    throw new Error('oh');
  });
  expect([view.key, view.parkedKey]).toEqual(['***', '***']);
});

it('cuts no character in two', () => {
  expect(cut('a😀b', 2)).toBe('a');
  expect(cut('a😀b', 3)).toBe('a😀');
});
