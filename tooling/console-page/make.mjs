// Makes packages/health-http/src/console/page-texts.ts: the page's script and style sheet as texts, so that the package needs no files
// beside it and works bundled. Run `node tooling/console-page/make.mjs` after a change below page/; a test tells when it is not the latest.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('../../packages/health-http/src/console/', import.meta.url));

/** Where it is written. */
export const file = `${folder}page-texts.ts`;

/** The module's text. */
export async function pageTexts() {
  const options = {
    bundle: true,
    minify: true,
    write: false,
    logLevel: 'error',
    charset: 'ascii',
    target: 'es2022',
  };
  const [script, style] = await Promise.all(
    ['page/dom/main.ts', 'page/style.css'].map((entry) =>
      build({ ...options, entryPoints: [folder + entry], format: 'iife' }),
    ),
  );
  const text = ({ outputFiles: [output] }) => JSON.stringify(output.text.trim());
  return `/** Made by tooling/console-page from the sources in page/. Do not edit. */
export const SCRIPT = ${text(script)};
export const STYLE = ${text(style)};
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, await pageTexts());
