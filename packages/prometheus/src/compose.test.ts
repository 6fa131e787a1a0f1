/** The development environment has the dashboard and the rules: what docker-compose.yml says fits together. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

interface Mounted {
  source: string;
  target: string;
}

const root = new URL('../../../', import.meta.url);
const compose = parse(readFileSync(new URL('docker-compose.yml', root), 'utf8')) as {
  services: Record<string, { configs?: Mounted[] }>;
  configs: Record<string, { file?: string; content?: string }>;
};

/** What the service finds where: the file of this repository, or the text. */
function mounted(service: string): Record<string, string> {
  const configs = compose.services[service]?.configs ?? [];
  return Object.fromEntries(
    configs.map(({ source, target }) => {
      const { file, content } = compose.configs[source] ?? {};
      return [target, file ?? content ?? ''];
    }),
  );
}

it('mounts only what there is, and all of it', () => {
  const used = Object.values(compose.services).flatMap(({ configs = [] }) => configs);
  expect(new Set(used.map(({ source }) => source))).toEqual(new Set(Object.keys(compose.configs)));
  for (const { file, content } of Object.values(compose.configs)) {
    expect(content !== undefined || (file !== undefined && existsSync(new URL(file, root)))).toBe(true);
  }
});

it('gives Prometheus the alert rules', () => {
  const files = mounted('prometheus');
  const config = parse(files['/etc/prometheus/prometheus.yml'] as string);
  expect(config.rule_files).toEqual(['/etc/prometheus/rules/*.yml']);
  expect(files['/etc/prometheus/rules/ebus.rules.yml']).toBe('packages/prometheus/alerts/ebus.rules.yml');
});

it('gives Grafana the dashboard, with a data source that it takes by default', () => {
  const files = mounted('grafana');
  const [target = ''] = Object.entries(files).find(([, file]) => file.endsWith('grafana/ebus.json')) ?? [];
  const { providers } = parse(files['/etc/grafana/provisioning/dashboards/ebus.yml'] as string);
  expect(providers).toEqual([expect.objectContaining({ type: 'file', options: { path: dirname(target) } })]);
  const { datasources } = parse(files['/etc/grafana/provisioning/datasources/prometheus.yml'] as string);
  expect(datasources).toEqual([expect.objectContaining({ type: 'prometheus', isDefault: true })]);
});
