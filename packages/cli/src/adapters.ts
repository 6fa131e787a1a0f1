/** Finds the adapters and plug-ins that a configuration may name: among the packages of the project, else beside this one. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from '@ebus/core';
import { reasonOf } from '@ebus/core/driver';
import { CliError } from './errors.js';

interface Official {
  readonly name: string;
  readonly load: () => Promise<object>;
}

/** By the word of the configuration; each exports a plug-in of that name. */
const OFFICIAL: Readonly<Record<string, Official>> = {
  memory: { name: '@ebus/memory', load: () => import('@ebus/memory') },
  nats: { name: '@ebus/nats', load: () => import('@ebus/nats') },
  kafka: { name: '@ebus/kafka', load: () => import('@ebus/kafka') },
  prometheus: { name: '@ebus/prometheus', load: () => import('@ebus/prometheus') },
  healthHttp: { name: '@ebus/health-http', load: () => import('@ebus/health-http') },
};

/** The package that brings a transport, metrics collector or section; undefined for one of somebody else. */
export function packageOf(word: string): string | undefined {
  return OFFICIAL[word]?.name;
}

/** All official ones that are installed. @throws CliError for one that is there and broken */
export async function installedPlugins(cwd: string): Promise<Plugin[]> {
  const found = await Promise.all(
    Object.entries(OFFICIAL).map(async ([word, { name, load }]) => {
      const module = (await fromProject(cwd, name)) ?? (await loaded(name, load));
      return module === undefined ? undefined : (module as Record<string, Plugin | undefined>)[word];
    }),
  );
  return found.filter((plugin) => plugin !== undefined);
}

/** A module that was named with `--plugin`: a package of the project or a file. All plug-ins that it exports. */
export async function namedPlugins(cwd: string, module: string): Promise<Plugin[]> {
  const isFile = /^[./]/.test(module) || /^[a-z]:\\/i.test(module);
  if (isFile && !existsSync(resolve(cwd, module))) {
    throw new CliError(`--plugin ${module}: there is no such file in ${cwd}`);
  }
  const exported = isFile
    ? await import(pathToFileURL(resolve(cwd, module)).href).catch((cause: unknown) => refuse(module, cause))
    : await fromProject(cwd, module);
  if (exported === undefined) throw new CliError(`--plugin ${module}: there is no such package in ${cwd}`);
  const plugins = Object.values(exported as object).filter(isPlugin);
  if (plugins.length === 0) throw new CliError(`--plugin ${module}: it exports no plug-in`);
  return plugins;
}

/** In a `node_modules` of the folder or one above it: not in Node's global folders, which are not the project's. */
async function fromProject(cwd: string, name: string): Promise<object | undefined> {
  if (!isInstalled(cwd, name)) return undefined;
  let file: string;
  try {
    file = createRequire(join(cwd, 'package.json')).resolve(name);
  } catch {
    return undefined;
  }
  return loaded(name, () => import(pathToFileURL(file).href));
}

function isInstalled(folder: string, name: string): boolean {
  if (existsSync(join(folder, 'node_modules', name))) return true;
  const above = dirname(folder);
  return above !== folder && isInstalled(above, name);
}

async function loaded(name: string, load: () => Promise<object>): Promise<object | undefined> {
  try {
    return await load();
  } catch (cause) {
    // What it imports itself may be missing as well: that is told.
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' && reasonOf(cause).includes(`'${name}'`)) return undefined;
    return refuse(name, cause);
  }
}

function refuse(name: string, cause: unknown): never {
  throw new CliError(`${name} is installed and cannot be loaded: ${reasonOf(cause)}`, undefined, { cause });
}

function isPlugin(value: unknown): value is Plugin {
  const { kind, name } = (value ?? {}) as Partial<Plugin>;
  return typeof name === 'string' && (kind === 'transport' || kind === 'metrics' || kind === 'extension');
}
