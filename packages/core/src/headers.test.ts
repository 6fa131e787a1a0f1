import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findHeader, headersToSend, MessageHeaders, toHeaderList } from './headers.js';

it('keeps order and duplicates, from any form of input', () => {
  const list = [
    ['b', '1'],
    ['a', '2'],
    ['b', '3'],
  ] as const;
  expect(toHeaderList(list)).toEqual(list);
  expect(toHeaderList(new Map([['a', '1']]))).toEqual([['a', '1']]);
  expect(toHeaderList({ b: ['1', '3'], a: '2' })).toEqual([list[0], list[2], list[1]]);
  expect(toHeaderList(new MessageHeaders(list))).toBe(list);
  expect(toHeaderList(undefined)).toEqual([]);
});

it('reads names in any case, text as bytes and bytes as text', () => {
  const headers = new MessageHeaders([
    ['X-Name', 'Zoë'],
    ['x-name', new Uint8Array([0x5a])],
  ]);
  expect(headers.get('x-NAME')).toBe('Zoë');
  expect(headers.getBytes('x-name')).toEqual(new TextEncoder().encode('Zoë'));
  expect(headers.getAll('X-name')).toEqual(['Zoë', 'Z']);
  expect([headers.has('x-none'), headers.get('x-none'), headers.size]).toEqual([false, undefined, 2]);
  expect([...headers].map(([name]) => name)).toEqual(['X-Name', 'x-name']);
});

it('copies bytes, and refuses what is no header', () => {
  const bytes = new Uint8Array([1]);
  const list = toHeaderList({ a: bytes });
  bytes[0] = 2;
  expect(list).toEqual([['a', new Uint8Array([1])]]);
  expect(() => toHeaderList({ ' ': 'x' })).toThrow('header name');
  expect(() => toHeaderList({ a: 1 as unknown as string })).toThrow(
    "header 'a' must be a string or Uint8Array",
  );
});

it('forwards the headers of a received message without the reserved ones, whole and within another list', () => {
  const headers = new MessageHeaders([
    ['X-Redrive-Group', 'billing'],
    ['X-Event-ID', 'e1'],
    ['origin', 'web'],
  ]);
  const kept = [
    ['X-Event-ID', 'e1'],
    ['origin', 'web'],
  ];
  expect(headersToSend(headers)).toEqual(kept);
  expect(headersToSend(headers.toList())).toEqual(kept);
  expect(headersToSend([...headers, ['step', '2']])).toEqual([...kept, ['step', '2']]);
  expect(headersToSend([...headers], new Set(['x-event-id']))).toEqual([['origin', 'web']]);
  expect(() => headersToSend([...headers, ['X-Redrive-Group', 'billing']])).toThrow(
    "'X-Redrive-Group' is reserved",
  );
  expect(() => headersToSend(Object.fromEntries(headers))).toThrow("'X-Redrive-Group' is reserved");
});

it('finds a name as comparing all of them in lower case does', () => {
  const name = fc.string({
    unit: fc.constantFrom('a', 'A', 'n', 'N', '-', '@', '`', 'é', 'É', '\u212a', 'k'),
    maxLength: 3,
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string())), name, (list, wanted) => {
      const found = list.find(([candidate]) => candidate.toLowerCase() === wanted.toLowerCase());
      expect(findHeader(list, wanted)).toBe(found?.[1]);
    }),
  );
});
