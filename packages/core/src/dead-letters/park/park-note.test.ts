import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PARK_HEADER } from '../format.js';
import { type ParkNote, parkHeader, parkNoteOf, placeOf, positionOf } from './park-note.js';

const noteOf = (value: string | Uint8Array) => parkNoteOf({ headers: [[PARK_HEADER, value]] });

describe('park notes', () => {
  const notes: ParkNote[] = [
    { kind: 'letter', key: 'ключ "1"', at: { partition: 3, offset: '12', log: 'abc' } },
    { kind: 'deleted', key: 'k', at: { partition: 0, offset: '171-9' } },
    { kind: 'handled', key: 'k', through: [{ partition: 0, offset: '7', log: 5 }], count: 2, redrive: 'id' },
    { kind: 'handled', key: 'k', through: [], count: 0, failed: { code: 'X', reason: 'why' } },
  ];
  it.each(notes)('are read as they were written: %j', (note) => {
    expect(noteOf(parkHeader(note))).toEqual({ ...note });
    expect(noteOf(new TextEncoder().encode(parkHeader(note)))).toEqual({ ...note });
  });

  it('are undefined where they are missing, malformed or too long', () => {
    expect(parkNoteOf({ headers: [] })).toBeUndefined();
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '{"kind":"letter"}',
      '{"kind":"letter","key":"k","at":{"offset":"1"}}',
    ])
      expect(noteOf(text)).toBeUndefined();
    expect(noteOf(parkHeader({ ...(notes[0] as ParkNote), key: 'x'.repeat(70_000) }))).toBeUndefined();
  });

  it('never throw, whatever they hold', () => {
    fc.assert(fc.property(fc.json(), (text) => void noteOf(text)));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void noteOf(bytes)));
  });

  it('keep positions', () => {
    for (const position of [
      { partition: 2, offset: 12, incarnation: 'x' },
      { partition: 0, offset: '171-9' },
      { partition: 0, offset: '90071992547409931' },
    ])
      expect(positionOf(placeOf(position))).toEqual(position);
  });
});
