import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { mutation } from './tooling/mutants/mutate.mjs';
import { LongestFirst } from './tooling/vitest/longest-first.js';

// Tests run on sources, so that nothing needs building first: `paths` of tsconfig.json are the aliases here.
const tsconfig = readFileSync(new URL('tsconfig.json', import.meta.url), 'utf8').replace(/^\s*\/\/.*$/gm, '');
const paths: Record<string, [string]> = JSON.parse(tsconfig).compilerOptions.paths;
const alias = Object.entries(paths).map(([name, [file]]) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(file, import.meta.url)),
}));

const all = ['{packages,examples}/*/src/**/*.test.ts', 'tooling/**/*.test.ts'];
/** Tests that talk to a broker or a database, or start processes of their own. */
const withServices = [
  '{packages,examples}/*/src/**/*.int.test.ts',
  'packages/{nats,kafka}/src/**/*.conformance.test.ts',
  'examples/flights-{nats,kafka,config}/src/main.test.ts',
  'tooling/**/*.int.test.ts',
  'tooling/new-adapter/template/*.conformance.test.ts',
];

const shared = {
  environment: 'node' as const,
  testTimeout: 20_000,
  hookTimeout: 60_000,
  retry: 0,
};

export default defineConfig({
  test: {
    globalSetup: ['tooling/services/vitest-setup.mjs'],
    dangerouslyIgnoreUnhandledErrors: false,
    passWithNoTests: true,
    sequence: { sequencer: LongestFirst },
    // Failures that a test wants are logged by the bus; they are worth reading only where the test fails.
    silent: 'passed-only',
    projects: [
      {
        resolve: { alias },
        plugins: [mutation()],
        test: {
          ...shared,
          name: 'unit',
          isolate: false,
          // They compute: a worker for each core. Otherwise one would be left to what transforms their sources.
          maxWorkers: availableParallelism(),
          include: all,
          exclude: ['**/node_modules/**', '**/dist/**', ...withServices],
          sequence: { groupOrder: 0 },
        },
      },
      {
        resolve: { alias },
        plugins: [mutation()],
        test: {
          ...shared,
          name: 'int',
          include: withServices,
          exclude: ['**/node_modules/**', '**/dist/**'],
          // They wait for brokers most of the time: side by side they use the machine, one by one they do not.
          maxWorkers: 6,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
