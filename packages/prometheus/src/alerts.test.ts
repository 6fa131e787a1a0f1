/** The alert rules ask for nothing that no collector has, and are what Prometheus takes. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { knownSeries } from './testing/known-series.js';
import { labelNamesIn, metricNamesIn } from './testing/promql.js';

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}

const path = fileURLToPath(new URL('../alerts/ebus.rules.yml', import.meta.url));
const { groups } = parse(readFileSync(path, 'utf8')) as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

let known: Map<string, readonly string[]>;
beforeAll(async () => {
  known = await knownSeries('ebus');
});

describe.each(rules.map((rule): [string, Rule] => [rule.alert, rule]))('%s', (_name, rule) => {
  it('asks only for what a collector has', () => {
    const names = metricNamesIn(rule.expr);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
    for (const name of names) {
      expect(labelNamesIn(rule.expr).filter((label) => !known.get(name)?.includes(label))).toEqual([]);
    }
  });

  it('says how bad it is, what happened and what to do', () => {
    const { summary, description } = rule.annotations;
    expect(['warning', 'critical']).toContain(rule.labels.severity);
    expect(summary).toContain('$labels.job');
    expect(description.length).toBeGreaterThan(100);
    // Only labels that are left after the grouping can be named.
    const used = [...`${summary} ${description}`.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
    const [name = ''] = metricNamesIn(rule.expr);
    const grouped = /\bby \(([^)]*)\)/.exec(rule.expr)?.[1]?.split(', ');
    expect(used.filter((label) => !(grouped ?? known.get(name))?.includes(label as string))).toEqual([]);
  });
});

it('have names of their own', () => {
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
});

describe('promtool', () => {
  const promtool = (...args: string[]) => spawnSync('promtool', args, { encoding: 'utf8', timeout: 15_000 });
  const reason = promtool('--version').error?.message;

  it('accepts the rules', (context) => {
    if (reason !== undefined) context.skip(`promtool of Prometheus is not on the PATH (${reason})`);
    const { stdout, stderr, status } = promtool('check', 'rules', path);
    expect(`${stdout}${stderr}`).toContain(`SUCCESS: ${rules.length} rules found`);
    expect(status).toBe(0);
  });

  it('sees them fire when they should, and only then', (context) => {
    if (reason !== undefined) context.skip(`promtool of Prometheus is not on the PATH (${reason})`);
    const file = fileURLToPath(new URL('./testing/alerts.promtool.yml', import.meta.url));
    const { stdout, stderr, status } = promtool('test', 'rules', file);
    expect(`${stdout}${stderr}`).toContain('SUCCESS');
    expect(status).toBe(0);
  });
});
