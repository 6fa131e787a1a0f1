import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Tests run on sources, so that nothing needs building first: `paths` of tsconfig.json are the aliases here.
const tsconfig = readFileSync(new URL('tsconfig.json', import.meta.url), 'utf8').replace(/^\s*\/\/.*$/gm, '');
const paths: Record<string, [string]> = JSON.parse(tsconfig).compilerOptions.paths;
const alias = Object.entries(paths).map(([name, [file]]) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(file, import.meta.url)),
}));

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['{packages,examples}/*/src/**/*.test.ts', 'tooling/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    environment: 'node',
    globalSetup: ['tooling/services/vitest-setup.mjs'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    retry: 0,
    dangerouslyIgnoreUnhandledErrors: false,
    passWithNoTests: true,
    typecheck: { enabled: true, include: ['packages/*/src/**/*.test-d.ts'], tsconfig: 'tsconfig.json' },
  },
});
