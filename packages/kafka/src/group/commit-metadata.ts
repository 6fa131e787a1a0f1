/**
 * The metadata of a committed offset: the log it belongs to, and messages settled beyond it. Pure.
 *
 * `ebus:1:<topic id>:<bits>`. Bit i, from the lowest of the first byte on, in base64 without padding, says that the offset
 * i + 1 after the committed one was settled. Fields that a later version adds follow after another colon; a higher number
 * than 1 means that the bits are to be ignored. Other text is another client's, and is ignored.
 */

/** Kafka's default for `offset.metadata.max.bytes` is 4,096. The client writes a zero byte behind the text. */
export const MAX_METADATA = 4_095;

interface CommitMetadata {
  readonly topicId: string;
  /** Offsets after the committed one, ascending. */
  readonly settled: readonly number[];
}

/** Topic ids are base64 as the client writes them, with `+` and `/`; Java's tools write `-` and `_` in their place. */
const FORMAT = /^ebus:(\d{1,3}):([\w+/-]{0,64}):([A-Za-z0-9+/]*)(?::|\0|$)/;

/**
 * @param committed the offset to be committed, which is not settled
 * @param each calls with each settled offset after it, ascending
 */
export function encodeMetadata(
  topicId: string,
  committed: number,
  each: (visit: (offset: number) => void) => void,
): string {
  const head = `ebus:1:${topicId}:`;
  const maxBits = Math.floor(((MAX_METADATA - head.length) * 6) / 8) * 8;
  let bytes: Uint8Array | undefined;
  let used = 0;
  each((offset) => {
    const bit = offset - committed - 1;
    // What does not fit is handled again after a restart.
    if (bit < 0 || bit >= maxBits) return;
    bytes ??= new Uint8Array(maxBits / 8);
    used = (bit >> 3) + 1;
    bytes[bit >> 3] = (bytes[bit >> 3] as number) | (1 << (bit & 7));
  });
  if (bytes === undefined) return head;
  return head + Buffer.from(bytes.subarray(0, used)).toString('base64').replace(/=+$/, '');
}

/** @returns undefined for what another client wrote; never throws */
export function decodeMetadata(text: string | undefined, committed: number): CommitMetadata | undefined {
  const [, version, topicId = '', bits = ''] = FORMAT.exec(text?.slice(0, MAX_METADATA) ?? '') ?? [];
  if (version === undefined || topicId === '') return undefined;
  const settled: number[] = [];
  if (version !== '1') return { topicId, settled };
  Buffer.from(bits, 'base64').forEach((byte, i) => {
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) settled.push(committed + 1 + i * 8 + bit);
  });
  return { topicId, settled };
}
