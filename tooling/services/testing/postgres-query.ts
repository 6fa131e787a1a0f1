/** Runs SQL with PostgreSQL's own client, to see whether a server works. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Resolves with what it prints, one row a line. Rejects with what the server says. */
export async function postgresQuery(psql: string, address: string, sql: string): Promise<string> {
  const { stdout } = await promisify(execFile)(psql, [address, '--no-psqlrc', '-Atqc', sql]);
  return stdout.trimEnd();
}
