/** The tables of the README are complete, and say what the collector says. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { COUNTERS, GAUGES, HISTOGRAMS } from './definitions.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('the README has every metric with its type, label and meaning', () => {
  const kinds = { counter: COUNTERS, histogram: HISTOGRAMS, gauge: GAUGES };
  const rows = Object.entries(kinds).flatMap(([type, definitions]) =>
    Object.entries<{ help: string; label?: string }>(definitions).map(
      ([name, { help, label }]) =>
        `| \`${name}\` | ${type} | ${label === undefined ? '' : `\`${label}\``} | ${help} |`,
    ),
  );
  const [, table = ''] = /<!-- metrics -->\n([\s\S]*?)<!-- end of metrics -->/.exec(readme) ?? [];
  expect(table.split('\n').filter((line) => line.startsWith('| `'))).toEqual(rows);
});

it('the README has every alert', () => {
  const file = readFileSync(new URL('../alerts/ebus.rules.yml', import.meta.url), 'utf8');
  const { groups } = parse(file) as { groups: { rules: { alert: string }[] }[] };
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  const written = [...readme.matchAll(/`(Ebus[A-Z]\w+)`/g)].map(([, name]) => name);
  expect([...new Set(written)].filter((name) => name !== 'EbusError').sort()).toEqual(alerts.sort());
});
