/** The configuration reference: every key of core and of the official plug-ins, from the schemas that check them. */
import { configJsonSchema } from '@ebus/core';
import { healthHttp } from '@ebus/health-http';
import { kafka } from '@ebus/kafka';
import { memory } from '@ebus/memory';
import { nats } from '@ebus/nats';
import { page, table } from './page.js';

export interface Schema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  not?: unknown;
}

/** One setting with its dotted path; `topics.<name>` stands for any topic. */
export interface Key {
  readonly path: string;
  readonly schema: Schema;
}

/** Every setting of core and of the official plug-ins, in the order of the schema. */
export async function configurationKeys(): Promise<Key[]> {
  const { $defs } = (await configJsonSchema({ plugins: [memory, nats, kafka, healthHttp] })) as {
    $defs: { configuration: Schema };
  };
  return [...keysOf($defs.configuration, '')];
}

function* keysOf(schema: Schema, path: string): Generator<Key> {
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    const there = path === '' ? key : `${path}.${key}`;
    if (/^Another name for '/.test(value.description ?? '') || value.not !== undefined) continue;
    // Sections of plug-ins that are not here.
    if (value.description === 'A section of its plug-in.') continue;
    const [byName] = value.anyOf ?? [];
    if (key === 'topics' && path === '' && typeof byName?.additionalProperties === 'object') {
      yield* keysOf(byName.additionalProperties, 'topics.<name>');
    } else if (value.properties !== undefined) {
      yield* keysOf(value, there);
    } else {
      yield { path: there, schema: value };
    }
  }
}

/** The whole page, a table for each section. */
export async function configurationPage(): Promise<string> {
  const keys = await configurationKeys();
  const sections = [...new Set(keys.map(({ path }) => sectionOf(path)))];
  const tables = sections.flatMap((section) => {
    const rows = keys.filter(({ path }) => sectionOf(path) === section).map(row);
    return [`## ${section}`, table(['key', 'type', 'unit', 'default', ''], rows)];
  });
  return page(
    'Configuration keys',
    'Every key of the configuration, with the sections of the official adapters and plug-ins. The ' +
      '[guide](../guides/configuration.md) explains files, variables, environments and errors.',
    [
      '- A **duration** is a number of milliseconds or text: `500ms`, `1.5s`, `2m`, `1h30m`, `7d`.',
      '- A **size** is a number of bytes, or text: `64KB`, `100MB`, `1.5GB`. Multiples are binary: `1KB` is 1024 bytes.',
      '- The **unit** is that of a plain number.',
      '- `–` as default: none, or the one that the text names.',
    ].join('\n'),
    ...tables,
  );
}

const sectionOf = (path: string) => (path.includes('.') ? path.slice(0, path.indexOf('.')) : 'The bus');

function row({ path, schema }: Key): string[] {
  const { default: fallback, description = '' } = schema;
  const shown = fallback === undefined ? '–' : fallback === '' ? "`''`" : `\`${textOf(fallback)}\``;
  const type = typeOf(schema);
  return [`\`${path}\``, type, unitOf(type), shown, description];
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

/** What may be written, in words. Variables (`${NAME}`) are allowed everywhere, and not shown. */
function typeOf(schema: Schema): string {
  if (schema.anyOf !== undefined) {
    const types = schema.anyOf.filter((one) => !one.pattern?.startsWith('\\$\\{')).map(typeOf);
    return [...new Set(types)].join(' or ');
  }
  if (schema.const !== undefined) return `\`${textOf(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${textOf(value)}\``).join(', ');
  if (Array.isArray(schema.type)) return schema.pattern?.includes('ms') ? 'duration' : 'size';
  switch (schema.type) {
    case 'integer':
    case 'number':
      return `${schema.type}${rangeOf(schema)}`;
    case 'array':
      return `list of ${schema.items === undefined ? 'values' : typeOf(schema.items)}`;
    case 'string':
      return 'text';
    default:
      return schema.type ?? 'object';
  }
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: Schema): string {
  const from = minimum === undefined || minimum <= -Number.MAX_SAFE_INTEGER ? undefined : minimum;
  const to = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (exclusiveMinimum !== undefined) return ` > ${exclusiveMinimum}${to === undefined ? '' : `, ≤ ${to}`}`;
  if (from !== undefined && to !== undefined) return ` ${from}–${to}`;
  if (from !== undefined) return ` ≥ ${from}`;
  return to === undefined ? '' : ` ≤ ${to}`;
}

function unitOf(type: string): string {
  if (type.includes('duration')) return 'ms';
  return type.includes('size') ? 'bytes' : '–';
}
