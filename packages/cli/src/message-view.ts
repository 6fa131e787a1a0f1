/** Messages and dead letters as the command shows them. Pure. */
import type { DeadLetter, Message } from '@ebus/core';
import { parseExactly } from '@ebus/core/driver';
import { formatPlace } from './io/format.js';
import { cut, pairs, printable } from './io/table.js';

/** A value is shown so far in a line of its own. */
const LINE = 200;
/** A key likewise. */
const KEY = 80;

/** For `--json`. A value that is no JSON is text, and so is a number that JavaScript would round; no UTF-8 is base64. */
export function messageData(message: Message) {
  return {
    topic: message.topic,
    position: formatPlace(message.position),
    timestamp: message.timestamp?.toISOString(),
    key: message.key,
    messageId: message.messageId,
    headers: Object.fromEntries(headersOf(message)),
    ...valueData(message),
  };
}

function valueData({ data, tombstone }: Message): { value: unknown } | { valueBase64: string } {
  if (tombstone) return { value: null };
  const text = textOf(data);
  if (text === undefined) return { valueBase64: Buffer.from(data).toString('base64') };
  try {
    return { value: parseExactly(text) };
  } catch {
    return { value: text };
  }
}

/** One message a line: where, when, key, value. */
export function messageLine(message: Message): string {
  const { position, timestamp, key } = message;
  const at = timestamp?.toISOString() ?? '-';
  return `${formatPlace(position)}  ${at}  ${cut(printable(key ?? '-'), KEY)}  ${valueText(message, LINE)}\n`;
}

/** The value on one line, cut. */
export function valueText({ data, tombstone }: Message, length: number): string {
  if (tombstone) return '(tombstone)';
  const text = textOf(data);
  return text === undefined ? `(${data.byteLength} bytes, no text)` : cut(printable(text), length);
}

/** For `--json`. */
export function letterData(letter: DeadLetter) {
  const { message, failedAt, ...said } = letter;
  return { ...said, failedAt: failedAt?.toISOString(), message: messageData(message) };
}

/** One dead letter, wholly. */
export function letterText(letter: DeadLetter): string {
  const { message } = letter;
  const facts = pairs([
    ['position', formatPlace(message.position)],
    ['original topic', letter.originalTopic],
    ['original position', letter.originalPosition],
    ['group', letter.group],
    ['key', message.key],
    ['parked key', letter.parkedKey],
    ['message id', message.messageId],
    ['error', letter.errorMessage],
    ['error code', letter.errorCode],
    ['attempts', letter.attempts],
    ['failed at', letter.failedAt?.toISOString()],
    ['published at', message.timestamp?.toISOString()],
    ['trace', traceOf(message)],
  ]);
  const headers = pairs(headersOf(message).map(([name, value]) => [`  ${printable(name)}`, value] as const));
  return `${facts}headers:\n${headers}value:\n${body(message)}\n`;
}

/** JSON is indented; nothing of it is obeyed by a terminal. */
function body(message: Message): string {
  const data = valueData(message);
  if ('valueBase64' in data) return `  (base64) ${data.valueBase64}`;
  if (message.tombstone) return '  (tombstone)';
  const text = typeof data.value === 'string' ? data.value : JSON.stringify(data.value, null, 2);
  return text
    .split('\n')
    .map((line) => `  ${printable(line)}`)
    .join('\n');
}

function headersOf({ headers }: Message): [string, string][] {
  return [...headers].map(([name, value]) => [
    name,
    typeof value === 'string' ? value : (textOf(value) ?? Buffer.from(value).toString('base64')),
  ]);
}

function traceOf(message: Message): string | undefined {
  const [, trace] = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(message.headers.get('traceparent') ?? '') ?? [];
  return trace;
}

function textOf(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}
