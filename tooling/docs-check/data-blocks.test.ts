/** YAML and JSON in the documentation: it parses, and configurations are ones that ebus takes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig } from '@ebus/core';
import { healthHttp } from '@ebus/health-http';
import { kafka } from '@ebus/kafka';
import { memory } from '@ebus/memory';
import { nats } from '@ebus/nats';
import { prometheus } from '@ebus/prometheus';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { codeBlocks } from './code-blocks.js';
import { markdownFiles, root } from './markdown-files.js';

const plugins = [kafka, memory, nats, healthHttp, prometheus];
/** Every variable is set, to a text that is also an address. */
const environment = (code: string) =>
  Object.fromEntries([...code.matchAll(/\$\{(\w+)/g)].map(([, name]) => [name, 'nats://localhost:4222']));

const blocks = markdownFiles()
  .flatMap((file) => codeBlocks(file, readFileSync(join(root, file), 'utf8')))
  .filter(({ info: [language = ''] }) => ['yaml', 'json'].includes(language));

it.each(blocks.map((block) => [`${block.file}:${block.line}`, block] as const))(
  '%s parses',
  async (_place, { code }) => {
    for (const document of parseAllDocuments(code)) {
      expect(document.errors).toEqual([]);
      const value = document.toJS() as { eventbus?: Record<string, unknown> } | null;
      if (value?.eventbus === undefined) continue;
      // Parts of a configuration are shown without their `type`.
      const config = { type: 'memory', ...value.eventbus };
      await expect(parseConfig(config, { plugins, env: environment(code) })).resolves.toBeDefined();
    }
  },
);
