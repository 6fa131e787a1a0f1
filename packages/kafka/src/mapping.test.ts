import { describe, expect, it } from 'vitest';
import { fromHeaders, isRedriven, textOrBytes, toClient, toHeaders } from './mapping.js';

describe('headers', () => {
  it('keep order and duplicates in both directions', () => {
    const headers = [
      ['a', '1'],
      ['b', new Uint8Array([0xff])],
      ['a', '2'],
    ] as const;
    const wire = toHeaders(headers);
    expect(wire?.map((header) => Object.keys(header))).toEqual([['a'], ['b'], ['a']]);
    const back = fromHeaders(
      wire?.map((header) =>
        Object.fromEntries(
          Object.entries(header).map(([name, value]) => [name, Buffer.from(value as string)]),
        ),
      ),
    );
    expect(back).toEqual(headers);
  });

  it('are left out where there are none', () => {
    expect(toHeaders([])).toBeUndefined();
    expect(fromHeaders(undefined)).toEqual([]);
  });
});

it('text with a zero character goes as bytes, which the client does not cut off', () => {
  expect(toClient('a\0b')).toEqual(Buffer.from('a\0b'));
  expect(toClient('ab')).toBe('ab');
});

it('bytes that are no UTF-8 stay bytes', () => {
  expect(textOrBytes(Buffer.from('Grüße'))).toBe('Grüße');
  expect(textOrBytes(Buffer.from([0xff, 0xfe]))).toEqual(new Uint8Array([0xff, 0xfe]));
});

it('sees that a message was redriven, whatever the case', () => {
  const value = Buffer.from('group');
  const others = [{ 'X-Event-Version': value }, { a: value }];
  expect([isRedriven(undefined), isRedriven([]), isRedriven(others as never)]).toEqual([false, false, false]);
  expect(isRedriven([...others, { 'x-redrive-GROUP': value }] as never)).toBe(true);
});
