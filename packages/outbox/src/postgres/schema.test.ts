import { expect, it } from 'vitest';
import { outboxSchemaSql } from './schema.js';

it('sql/outbox.sql is the SQL of createOutboxSchema', async () => {
  const head = `-- The tables of @ebus/outbox, for tools that run SQL. Harmless when repeated. They are made where the search path leads.\n`;
  await expect(head + outboxSchemaSql()).toMatchFileSnapshot('../../sql/outbox.sql');
});
