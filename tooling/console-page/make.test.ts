import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { file, pageTexts } from './make.mjs';

it('the page in the package is made from its sources (run node tooling/console-page/make.mjs to write it)', async () => {
  expect(readFileSync(file, 'utf8') === (await pageTexts())).toBe(true);
});
