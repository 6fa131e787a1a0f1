/** The body of an action. */
import type { IncomingMessage } from 'node:http';
import { BadRequest } from './actions.js';

const MOST_BYTES = 64 * 1024;
/** So much is read to no end, so that the client sees why it is refused: its answer is lost where it still sends. */
const MOST_DISCARDED = 8 * 1024 * 1024;

/** JSON of at most 64 KB, said to be JSON: forms of other pages cannot say so. @throws BadRequest */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const { headers } = request;
  if (!/^application\/json(?:;|$)/i.test(headers['content-type'] ?? '')) {
    throw new BadRequest('the body must be application/json');
  }
  // A framework may have read it.
  const { body } = request as { body?: unknown };
  if (body !== undefined) return body;
  if (Number(headers['content-length'] ?? 0) > MOST_DISCARDED) throw tooLarge();
  const text = request.readableEnded ? '' : (await bytesOf(request)).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest('the body is not JSON');
  }
}

/** Not by iterating: leaving the loop would cut the connection, and with it the answer. */
function bytesOf(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes <= MOST_BYTES) chunks.push(chunk);
      else chunks = [];
      if (bytes > MOST_DISCARDED) reject(tooLarge());
    });
    request.once('end', () => (bytes > MOST_BYTES ? reject(tooLarge()) : resolve(Buffer.concat(chunks))));
    request.once('error', reject);
    request.once('close', () => reject(new BadRequest('the body has no end')));
  });
}

const tooLarge = () => new BadRequest('the body is too large', 413);
