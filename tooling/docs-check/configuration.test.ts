/** The table of the configuration guide, checked against the schemas: every key, with its default and what it is. */
import { readFileSync } from 'node:fs';
import { configJsonSchema } from '@ebus/core';
import { healthHttp } from '@ebus/health-http';
import { kafka } from '@ebus/kafka';
import { memory } from '@ebus/memory';
import { nats } from '@ebus/nats';
import { expect, it } from 'vitest';

interface Schema {
  description?: string;
  default?: unknown;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  not?: unknown;
}

const guide = readFileSync(new URL('../../docs/guides/configuration.md', import.meta.url), 'utf8');

it('the guide to configuration has every key, with its default', () => {
  const { $defs } = configJsonSchema({ plugins: [memory, nats, kafka, healthHttp] }) as {
    $defs: { configuration: Schema };
  };
  const rows = [...keys($defs.configuration, '')].map(row);
  const [, table = ''] = /<!-- keys -->\n([\s\S]*?)<!-- end of keys -->/.exec(guide) ?? [];
  const written = table.split('\n').filter((line) => line.startsWith('| `'));
  expect(written).toEqual(rows);
});

/** Every setting, in the order of the schema; `topics.<name>` for those of a topic. */
function* keys(schema: Schema, path: string): Generator<[path: string, schema: Schema]> {
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    const there = path === '' ? key : `${path}.${key}`;
    if (/^Another name for '/.test(value.description ?? '') || value.not !== undefined) continue;
    // Sections of plug-ins that are not here.
    if (value.description === 'A section of its plug-in.') continue;
    const [byName] = value.anyOf ?? [];
    if (key === 'topics' && path === '' && typeof byName?.additionalProperties === 'object') {
      yield* keys(byName.additionalProperties, 'topics.<name>');
    } else if (value.properties !== undefined) {
      yield* keys(value, there);
    } else {
      yield [there, value];
    }
  }
}

function row([path, { default: fallback, description = '' }]: [string, Schema]): string {
  const shown = fallback === undefined ? '–' : fallback === '' ? "`''`" : `\`${textOf(fallback)}\``;
  return `| \`${path}\` | ${shown} | ${description} |`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
