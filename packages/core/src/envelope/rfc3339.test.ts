import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTimestamp, parseTimestamp } from './rfc3339.js';

describe('parseTimestamp', () => {
  it.each([
    ['2024-05-01T10:30:00Z', Date.UTC(2024, 4, 1, 10, 30)],
    ['2024-05-01T10:30:00.123Z', Date.UTC(2024, 4, 1, 10, 30, 0, 123)],
    ['2024-05-01T10:30:00.1Z', Date.UTC(2024, 4, 1, 10, 30, 0, 100)],
    ['2024-05-01T10:30:00.123456789Z', Date.UTC(2024, 4, 1, 10, 30, 0, 123)],
    ['2024-05-01T10:30:00.999999999Z', Date.UTC(2024, 4, 1, 10, 30, 0, 999)],
    ['2024-05-01T12:30:00+02:00', Date.UTC(2024, 4, 1, 10, 30)],
    ['2024-05-01T05:00:00.5-05:30', Date.UTC(2024, 4, 1, 10, 30, 0, 500)],
    ['2024-05-01t10:30:00z', Date.UTC(2024, 4, 1, 10, 30)],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2000-02-29T00:00:00Z', Date.UTC(2000, 1, 29)],
    ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
    ['1969-12-31T23:59:59.999Z', -1],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
    ['0000-01-01T00:00:00Z', Date.parse('0000-01-01T00:00:00Z')],
    ['9999-12-31T23:59:59.999Z', Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
  ])('reads %s', (text, ms) => {
    expect(parseTimestamp(text)).toBe(ms);
  });

  it.each([
    '',
    'now',
    '2024-05-01',
    '2024-05-01T10:30:00',
    '2024-05-01 10:30:00Z',
    '2024-05-01T10:30Z',
    '2024-05-01T10:30:00.Z',
    '2024-05-01T10:30:00,5Z',
    '2024-05-01T10:30:00Z ',
    ' 2024-05-01T10:30:00Z',
    '2024-05-01T10:30:00+0200',
    '2024-05-01T10:30:00+2:00',
    '2024-05-01T10:30:00+24:00',
    '2024-05-01T10:30:00+02:60',
    '2024-05-01T10:30:00*02:00',
    '2024-05-01T10:30:00+02:00Z',
    '2024-00-01T10:30:00Z',
    '2024-13-01T10:30:00Z',
    '2024-05-00T10:30:00Z',
    '2024-04-31T10:30:00Z',
    '2023-02-29T10:30:00Z',
    '1900-02-29T10:30:00Z',
    '2024-05-01T24:00:00Z',
    '2024-05-01T10:60:00Z',
    '2024-05-01T10:30:61Z',
    '2024-05-01T1x:30:00Z',
    '202x-05-01T10:30:00Z',
    '2024/05-01T10:30:00Z',
    '2024-05/01T10:30:00Z',
    '2024-05-01T10.30:00Z',
    '2024-05-01T10:30.00Z',
    '+02024-05-01T10:30:00Z',
    '١٢٣٤-05-01T10:30:00Z',
  ])('refuses %j', (text) => {
    expect(parseTimestamp(text)).toBeNaN();
  });

  it('agrees with Date on everything that Date writes', () => {
    const date = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, fc.integer({ min: -1_439, max: 1_439 }), fc.nat(999_999), (utc, offset, finer) => {
        expect(parseTimestamp(utc.toISOString())).toBe(utc.getTime());
        const local = new Date(utc.getTime() + offset * 60_000).toISOString();
        fc.pre(local.length === 24);
        const hours = String(Math.trunc(Math.abs(offset) / 60)).padStart(2, '0');
        const minutes = String(Math.abs(offset) % 60).padStart(2, '0');
        const zone = `${offset < 0 ? '-' : '+'}${hours}:${minutes}`;
        const text = local.replace('Z', String(finer).padStart(6, '0') + zone);
        expect(parseTimestamp(text)).toBe(utc.getTime());
      }),
    );
  });
});

describe('formatTimestamp', () => {
  it('writes what Date writes, however times follow each other', () => {
    const date = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(
        date,
        fc.array(fc.integer({ min: -1_500, max: 1_500 }), { maxLength: 5 }),
        (start, steps) => {
          let time = start.getTime();
          for (const step of [0, ...steps]) {
            time = Math.min(Math.max(time + step, -62_167_219_200_000), 253_402_300_799_999);
            expect(formatTimestamp(time)).toBe(new Date(time).toISOString());
          }
        },
      ),
    );
  });

  it.each([Number.NaN, 253_402_300_800_000, -62_167_219_200_001])('has no text for %d', (ms) => {
    expect(formatTimestamp(ms)).toBeUndefined();
  });
});
