import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { runStoreSuite } from '../store-suite/index.js';
import { pgliteHarness } from '../testing/postgres-harness.js';

let db: PGlite;
beforeAll(async () => {
  db = await PGlite.create();
}, 120_000);
afterAll(() => db?.close());

runStoreSuite(
  { describe, it },
  pgliteHarness(() => db),
);
