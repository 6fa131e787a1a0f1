/** Headers as JSON: a list of pairs, where bytes are written as `{ "base64": … }`. */
import type { HeaderList, HeaderValue } from '@ebus/core/driver';

type JsonValue = string | { readonly base64: string };

/** `undefined` where there are none. */
export function headersToJson(headers: HeaderList | undefined): string | undefined {
  if (headers === undefined || headers.length === 0) return undefined;
  return JSON.stringify(headers.map(([name, value]) => [name, toJson(value)]));
}

/**
 * The headers that `headersToJson` wrote; an empty list for null or undefined.
 * @throws SyntaxError for text that is not JSON
 */
export function headersFromJson(json: string | null | undefined): HeaderList {
  if (json === null || json === undefined) return [];
  const pairs = JSON.parse(json) as [string, JsonValue][];
  return pairs.map(([name, value]) => [name, fromJson(value)]);
}

function toJson(value: HeaderValue): JsonValue {
  return typeof value === 'string' ? value : { base64: Buffer.from(value).toString('base64') };
}

function fromJson(value: JsonValue): HeaderValue {
  return typeof value === 'string' ? value : Buffer.from(value.base64, 'base64');
}
