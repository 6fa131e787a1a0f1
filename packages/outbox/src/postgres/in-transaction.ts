/** Whether a client is in a transaction: outside of one, an event would be committed without the data. */
import { EbusError } from '@ebus/core/driver';
import { sqlState } from './errors.js';
import { type Queryable, rowsOf } from './queryable.js';

/** @throws EbusError with code `INVALID_ARGUMENT` where it is no client, or in no transaction */
export async function requireTransaction(tx: Queryable, method: string): Promise<void> {
  try {
    // Allowed within a transaction only, and answered by the server: no client can be wrong about it.
    await rowsOf(tx, 'SAVEPOINT ebus_outbox');
  } catch (error) {
    if (sqlState(error) !== '25P01') throw error;
    throw new EbusError(
      `${method} needs a client that is in a transaction, and nothing was written: BEGIN one, and pass the client that ` +
        'runs it (a pool runs every query on any of its connections)',
      { code: 'INVALID_ARGUMENT', cause: error },
    );
  }
  await rowsOf(tx, 'RELEASE SAVEPOINT ebus_outbox');
}

/** @throws EbusError with code `INVALID_ARGUMENT` for anything without a method `query` */
export function requireClient(client: unknown, method: string): asserts client is Queryable {
  if (typeof (client as Partial<Queryable> | null | undefined)?.query === 'function') return;
  throw new EbusError(
    `${method} needs a client of PostgreSQL with a method query(text, values), as pg, PGlite and TypeORM have; the guide to ` +
      'the outbox shows one line for others',
    { code: 'INVALID_ARGUMENT' },
  );
}
