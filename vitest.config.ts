import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests run on sources, so that nothing needs building first. The same list is in tsconfig.json.
    alias: [
      { find: /^@ebus\/core$/, replacement: source('packages/core/src/index.ts') },
      { find: /^@ebus\/core\/driver$/, replacement: source('packages/core/src/driver/index.ts') },
      { find: /^@ebus\/memory$/, replacement: source('packages/memory/src/index.ts') },
      { find: /^@ebus\/conformance$/, replacement: source('packages/conformance/src/index.ts') },
    ],
  },
  test: {
    include: ['{packages,examples}/*/src/**/*.test.ts', 'tooling/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    environment: 'node',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    retry: 0,
    dangerouslyIgnoreUnhandledErrors: false,
    passWithNoTests: true,
  },
});
