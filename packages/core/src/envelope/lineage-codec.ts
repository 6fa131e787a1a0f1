/** Envelopes as the versions of jxt-core write and read them: the Go services that share topics with ebus. */
import { ConfigError } from '../errors.js';
import type { HeaderList } from '../headers.js';
import { filledText, oneOf } from '../util/option-kinds.js';
import { checkOptions, optionTable } from '../util/options.js';
import { shown } from '../util/shown.js';
import { type BigIntegers, parseJson } from './big-integers.js';
import type { EnvelopeCodec, JsonCodecOptions } from './codec.js';
import { type Envelope, validateEnvelope } from './envelope.js';
import { envelopeHeaders } from './envelope-headers.js';
import { invalid, parseObject, payloadText, readEnvelope, writeEnvelope } from './wire-json.js';

/** The version of the Go library to write for. */
export interface LineageCodecOptions extends JsonCodecOptions {
  /** The version of jxt-core that the oldest of the services uses: `'1.1.20'`, `'v1.1.35'`. */
  version: string;
}

const OPTIONS = optionTable<LineageCodecOptions>({ version: filledText, bigint: oneOf('string', 'bigint') });

/** How a version writes what others write in another way. */
interface Dialect {
  /** `base64`: the JSON of the payload, as base64 within a JSON text. */
  readonly payload: 'json' | 'base64';
  /** `none`: envelopes have no tenant. */
  readonly tenant: 'number' | 'text' | 'none';
}

/**
 * A codec for topics that are shared with services on an older jxt-core:
 *
 * | jxt-core | payload | tenant |
 * | --- | --- | --- |
 * | before 1.1.22 | base64 | none: a tenant id is not written |
 * | 1.1.22 | base64 | text |
 * | 1.1.23 to 1.1.35 | JSON | text |
 * | from 1.1.36 | JSON | number; 0 is not written. The default codec does as well. |
 *
 * It writes for the given version. It also reads envelopes of the other versions, with one exception: a
 * payload that is text is taken for base64 where the version writes that. A tenant in text must be an integer.
 * @throws ConfigError for unknown options and for an invalid version
 */
export function lineageCodec(options: LineageCodecOptions): EnvelopeCodec {
  checkOptions('lineageCodec', options ?? {}, OPTIONS);
  const dialect = dialectOf(options?.version);
  const { bigint } = options;
  return {
    encode(envelope) {
      validateEnvelope(envelope);
      const json = payloadText(envelope.payload, bigint === 'bigint');
      const payload = dialect.payload === 'json' ? json : `"${Buffer.from(json).toString('base64')}"`;
      return writeEnvelope(envelope, tenantText(envelope, dialect), payload);
    },
    decode(data) {
      const raw = parseObject(data, bigint);
      if (dialect.payload === 'base64') raw.payload = fromBase64(raw.payload, bigint);
      raw.tenant_id = fromText(raw.tenant_id);
      return readEnvelope(raw);
    },
    headers: (envelope) => headersOf(envelope, dialect),
  };
}

function dialectOf(version: string | undefined): Dialect {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)$/.exec(version?.trim() ?? '') ?? [];
  if (major === undefined) {
    const got = version === undefined ? 'none' : `'${shown(version)}'`;
    throw new ConfigError(`lineageCodec: version must be a version of jxt-core such as '1.1.20', got ${got}`);
  }
  const before = (wanted: number) => Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch) < wanted;
  return {
    payload: before(1_001_023) ? 'base64' : 'json',
    tenant: before(1_001_022) ? 'none' : before(1_001_036) ? 'text' : 'number',
  };
}

function tenantText({ tenantId }: Envelope, { tenant }: Dialect): string | number | undefined {
  if (tenantId === undefined || tenant === 'none') return undefined;
  if (tenant === 'text') return `"${tenantId}"`;
  return tenantId === 0 ? undefined : tenantId;
}

function headersOf(envelope: Envelope, { tenant }: Dialect): HeaderList {
  const { tenantId, ...others } = envelope;
  const isWritten = tenant === 'text' || (tenant === 'number' && tenantId !== 0);
  return envelopeHeaders(isWritten ? envelope : others);
}

/** The canonical form only: other texts could not be written back as they were. */
const INTEGER = /^(0|-?[1-9][0-9]*)$/;

function fromText(tenant: unknown): unknown {
  if (typeof tenant !== 'string' || tenant === '') return tenant;
  if (INTEGER.test(tenant) && Number.isSafeInteger(Number(tenant))) return Number(tenant);
  throw invalid(`tenant_id must be an integer in text, got ${JSON.stringify(shown(tenant))}`, 'tenant_id');
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Other values than text were written by a later version, as they are. */
function fromBase64(payload: unknown, bigint: BigIntegers | undefined): unknown {
  if (typeof payload !== 'string') return payload;
  if (!BASE64.test(payload)) throw invalid('payload is no base64', 'payload');
  if (payload === '') return undefined;
  try {
    const text = decoder.decode(Buffer.from(payload, 'base64'));
    return bigint === undefined ? JSON.parse(text) : parseJson(text, bigint);
  } catch (cause) {
    throw invalid(`payload holds no JSON: ${(cause as Error).message}`, 'payload', cause);
  }
}
