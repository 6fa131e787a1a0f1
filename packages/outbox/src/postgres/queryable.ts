/** The part of a PostgreSQL client that is used: one method. */

/**
 * Anything that runs SQL with `$1` parameters: a client or pool of `pg`, PGlite, a TypeORM `EntityManager` or
 * `QueryRunner`, or an object around another library's transaction. It answers with `{ rows }`, or with the rows.
 */
export interface Queryable {
  // biome-ignore lint/suspicious/noExplicitAny: clients type their rows and parameters in ways of their own
  query(text: string, values?: any[]): Promise<any>;
}

/** One row; every column is selected as text, so that the type parsers of a client do not matter. */
export type TextRow = Readonly<Record<string, string | null>>;

/** Runs one statement and returns its rows, for either shape of answer. Rejects with the client's error, unchanged. */
export async function rowsOf(client: Queryable, text: string, values: unknown[] = []): Promise<TextRow[]> {
  const result: unknown = await client.query(text, values);
  if (Array.isArray(result)) return result;
  return (result as { rows: TextRow[] }).rows;
}
