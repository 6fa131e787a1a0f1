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

  it('fits in a line, down to a width that can be read, and is whole where the width is not known', () => {
    const rows = [['orders', 'no stock for order-1 in the warehouse']];
    const head = ['topic', 'error'];
    expect(table(head, rows, 30)).toBe('TOPIC   ERROR\norders  no stock for order-1 …\n');
    expect(table(head, rows, 5)).toBe('TOPIC   ERROR\norders  no stock fo…\n');
    expect(table(head, rows)).toContain('in the warehouse');
  });

  it('may have any number of rows', () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => [i]);
    expect(table(['n'], rows)).toMatch(/^ {5}N\n {5}0\n.*\n199999\n$/s);
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
    expect(cut('a👍bc', 3)).toBe('a…');
  });
});
