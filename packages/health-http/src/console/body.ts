/** The body of an action. */
import type { IncomingMessage } from 'node:http';
import { BadRequest } from './actions.js';

const MOST_BYTES = 64 * 1024;

/** JSON of at most 64 KB, said to be JSON: forms of other pages cannot say so. @throws BadRequest */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!/^application\/json(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new BadRequest('the body must be application/json');
  }
  // A framework may have read it.
  const { body } = request as { body?: unknown };
  if (body !== undefined) return body;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > MOST_BYTES) throw new BadRequest('the body is too large');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new BadRequest('the body is not JSON');
  }
}
