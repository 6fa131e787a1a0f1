/** Validates a configuration with the parts that its plug-ins contribute. */
import { z } from 'zod';
import { ConfigError, type ConfigProblem } from '../errors.js';
import { nearest } from '../util/nearest.js';
import { commonShape, type ResolvedConfig } from './schema.js';

/** A plug-in's own section. */
export interface Section {
  readonly name: string;
  readonly config: z.ZodType;
}

export interface ConfigSections {
  readonly transports: readonly Section[];
  readonly extensions: readonly Section[];
}

/**
 * Fills in the defaults. Sections of registered transports other than `type` are checked as well, so that a file
 * may hold several; a section of a transport that is not registered is an unknown key.
 * @throws ConfigError listing every problem with its path
 */
export function resolveConfig(config: unknown, type: string, sections: ConfigSections): ResolvedConfig {
  const shape: Record<string, z.ZodType> = { ...commonShape, type: z.literal(type) };
  for (const { name, config: section } of sections.transports) {
    shape[name] = name === type ? section.prefault({}) : section.optional();
  }
  for (const { name, config: section } of sections.extensions) shape[name] = section.optional();

  const schema = z.strictObject(shape);
  const result = schema.safeParse(config);
  if (!result.success) throw configError(result.error, config, schema);
  const { [type]: transport, ...rest } = result.data as Record<string, unknown>;
  const extensions = new Map<string, unknown>();
  for (const { name } of sections.extensions) {
    if (rest[name] !== undefined) extensions.set(name, rest[name]);
  }
  return { ...rest, type, transport, extensions } as unknown as ResolvedConfig;
}

function configError(error: z.ZodError, config: unknown, schema: z.ZodType): ConfigError {
  const problems = error.issues.flatMap((issue) => problemsOf(issue, config, schema));
  const list = problems
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ');
  return new ConfigError(`the configuration is wrong: ${list}`, { problems });
}

function problemsOf(issue: z.core.$ZodIssue, config: unknown, schema: z.ZodType): ConfigProblem[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [{ path: path.join('.'), message: text(issue, config) }];
  return issue.keys.map((key) => {
    const near = nearest(key, knownKeys(path, schema));
    const hint = near === undefined ? '' : `, did you mean '${near}'?`;
    return { path: [...path, key].join('.'), message: `unknown key${hint}` };
  });
}

/** What is allowed, and what is there instead; never the value of something that may be a secret. */
function text(issue: z.core.$ZodIssue, config: unknown): string {
  let value = config;
  for (const part of issue.path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part];
  const isSecret = issue.path.some((part) => /password|token|secret|credential/i.test(String(part)));
  const shown =
    isSecret || typeof value === 'object' ? '' : `, got ${JSON.stringify(value) ?? String(value)}`;
  return `${issue.message}${issue.code === 'custom' ? '' : shown}`;
}

/** The keys that are allowed at a path. */
function knownKeys(path: readonly string[], root: z.ZodType): string[] {
  let schema: unknown = root;
  for (const part of path) schema = shapeOf(schema)?.[part];
  return Object.keys(shapeOf(schema) ?? {});
}

/** The shape of an object schema, through defaults and the like. */
function shapeOf(schema: unknown): Record<string, unknown> | undefined {
  let current = schema as { shape?: Record<string, unknown>; def?: { innerType?: unknown } } | undefined;
  while (current !== undefined && current.shape === undefined) {
    current = current.def?.innerType as typeof current;
  }
  return current?.shape;
}
