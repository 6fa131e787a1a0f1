import { serviceProblem, sharedService } from '@ebus/services';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { runStoreSuite } from '../store-suite/index.js';
import { postgresHarness } from '../testing/postgres-harness.js';

const problem = await serviceProblem('postgres');

describe.skipIf(problem !== undefined)(
  `PostgreSQL${problem === undefined ? '' : ` # skipped: ${problem}`}`,
  () => {
    let pool: Pool;
    beforeAll(async () => {
      const { addresses } = await sharedService('postgres');
      pool = new Pool({ connectionString: addresses[0], max: 20 });
    });
    afterAll(() => pool?.end());

    runStoreSuite(
      { describe, it },
      postgresHarness(() => pool),
    );
  },
);
