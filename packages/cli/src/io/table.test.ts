import { describe, expect, it } from 'vitest';
import { cut, pairs, printable, table } from './table.js';

describe('table', () => {
  it('aligns numbers to the right, and says where there is no value', () => {
    expect(
      table(
        ['topic', 'messages'],
        [
          ['orders', 12],
          ['orders.dlq', undefined],
        ],
      ),
    ).toBe('TOPIC       MESSAGES\norders            12\norders.dlq         -\n');
  });

  it('shows nothing that a terminal would obey', () => {
    expect(table(['key'], [['\u001b[2J\u202egpj.exe\n']])).toBe('KEY\n\\u001b[2J\\u202egpj.exe\\u000a\n');
    expect(printable('grün — 日本 👍')).toBe('grün — 日本 👍');
  });
});

describe('pairs', () => {
  it('leaves out what is not known', () => {
    expect(
      pairs([
        ['name', 'orders'],
        ['size', undefined],
        ['replicas', 3],
      ]),
    ).toBe('name:     orders\nreplicas: 3\n');
  });
});

describe('cut', () => {
  it('says that there was more', () => {
    expect([cut('abc', 3), cut('abcd', 3)]).toEqual(['abc', 'ab…']);
  });
});
