// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of Grafana look like that
/** The dashboard asks for nothing that no collector has. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { knownSeries } from './testing/known-series.js';
import { labelNamesIn, metricNamesIn, variablesIn } from './testing/promql.js';

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  datasource?: { uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { refId: string; expr: string; legendFormat: string; datasource: { uid: string } }[];
  fieldConfig?: { defaults: { unit?: string } };
}

interface Dashboard {
  schemaVersion: number;
  uid: string;
  templating: {
    list: { name: string; type: string; query: string | { query: string }; datasource?: { uid: string } }[];
  };
  panels: Panel[];
}

const file = new URL('../grafana/ebus.json', import.meta.url);
const dashboard: Dashboard = JSON.parse(readFileSync(file, 'utf8'));
const { panels } = dashboard;
const variables = dashboard.templating.list;
const charts = panels.filter(({ type }) => type !== 'row');
const queries = charts.flatMap(({ title, targets = [] }) =>
  targets.map(({ refId, expr }): [place: string, expr: string] => [`${title} ${refId}`, expr]),
);
/** Grafana's own. */
const BUILT_IN = ['__rate_interval', '__range'];

/** As Grafana fills variables in. */
const filled = (expr: string) =>
  expr
    .replaceAll('${namespace}', 'ebus')
    .replaceAll(/\$(__rate_interval|__range)/g, '5m')
    .replaceAll(/\$(job|instance|topic)\b/g, '.*');

let known: Map<string, readonly string[]>;
beforeAll(async () => {
  known = await knownSeries('ebus');
});

it.each(queries)('%s asks only for what a collector has', (_place, expr) => {
  const query = filled(expr);
  const names = metricNamesIn(query);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !known.has(name))).toEqual([]);
  const labels = labelNamesIn(query);
  for (const name of names) {
    expect(labels.filter((label) => !known.get(name)?.includes(label))).toEqual([]);
  }
  expect(variablesIn(query)).toEqual([]);
});

it('shows every metric there is', () => {
  const shown = new Set(queries.flatMap(([, expr]) => metricNamesIn(filled(expr))));
  const family = (name: string) => name.replace(/_(bucket|sum|count)$/, '');
  const missing = [...known.keys()]
    .map(family)
    .filter((name) => !shown.has(name) && !shown.has(`${name}_bucket`));
  expect(missing).toEqual([]);
});

describe('the dashboard', () => {
  it('declares every variable that it uses, and uses every one that it declares', () => {
    const declared = variables.map(({ name }) => name);
    const used = new Set(variablesIn(JSON.stringify({ ...dashboard, templating: undefined })));
    for (const { query, datasource } of variables) {
      for (const name of variablesIn(JSON.stringify([query, datasource]))) used.add(name);
    }
    expect([...used].filter((name) => !declared.includes(name) && !BUILT_IN.includes(name))).toEqual([]);
    expect(declared.filter((name) => !used.has(name))).toEqual([]);
    expect(declared).toEqual(['datasource', 'namespace', 'job', 'instance', 'topic']);
  });

  it('fills variables from what a collector has', () => {
    const asked = variables.filter(({ type }) => type === 'query');
    for (const { query } of asked) {
      const { query: text } = query as { query: string };
      const [, first = ''] = /^label_values\((.+), \w+\)$/.exec(text) ?? [];
      const pattern = /__name__=~"([^"]+)"/.exec(filled(first))?.[1];
      const names =
        pattern === undefined
          ? metricNamesIn(filled(first))
          : [...known.keys()].filter((name) => new RegExp(`^(?:${pattern})$`).test(name));
      expect(names.length).toBeGreaterThan(0);
      expect(names.filter((name) => !known.has(name))).toEqual([]);
    }
  });

  it('has a query, a unit, a legend and a description in every panel', () => {
    for (const { title, description, targets = [], fieldConfig } of charts) {
      expect(targets.length, title).toBeGreaterThan(0);
      expect(
        targets.every(({ expr }) => expr !== ''),
        title,
      ).toBe(true);
      expect(description, title).toBeTruthy();
      expect(fieldConfig?.defaults.unit, title).toBeTruthy();
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
      // A line without a name cannot be told from the others.
      if (targets.length > 1)
        expect(
          targets.every(({ legendFormat }) => legendFormat !== ''),
          title,
        ).toBe(true);
    }
  });

  it('reads from the data source that is chosen', () => {
    const uids = charts.flatMap(({ datasource, targets = [] }) => [
      datasource?.uid,
      ...targets.map((target) => target.datasource.uid),
    ]);
    const ofVariables = variables
      .filter(({ type }) => type === 'query')
      .map(({ datasource }) => datasource?.uid);
    expect(new Set([...uids, ...ofVariables])).toEqual(new Set(['${datasource}']));
  });

  it('can be provisioned: a uid, no id, no inputs to be asked for, panels that do not overlap', () => {
    expect(dashboard).toMatchObject({ uid: 'ebus', id: null, schemaVersion: 41 });
    expect(dashboard).not.toHaveProperty('__inputs');
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});
