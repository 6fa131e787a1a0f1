/** A message as the client received it: its bytes, where the client shows them. Reading those is cheaper than the client's own getters. */
import type { Msg } from '@nats-io/transport-node';
import { type ReadHeaders, readHeaderBlock, readHeaders } from './mapping.js';

/** The client's private fields of a message. */
interface RawMessage {
  /** Headers and value. */
  readonly _rdata?: Uint8Array;
  readonly _msg?: {
    /** Bytes of the headers. */
    readonly hdr?: number;
    readonly subject?: Uint8Array;
    readonly reply?: Uint8Array;
  };
}

const NO_HEADERS: ReadHeaders = { headers: [], key: undefined, messageId: undefined, pin: undefined };

/** The subject for answers; empty where there is none. */
export function replyOf(message: Msg): string {
  const { _msg: argument } = message as unknown as RawMessage;
  if (argument === undefined) return message.reply ?? '';
  return argument.reply === undefined ? '' : textOf(argument.reply);
}

export function subjectOf(message: Msg): string {
  const bytes = (message as unknown as RawMessage)._msg?.subject;
  return bytes === undefined ? message.subject : textOf(bytes);
}

/** It can be answered: a message of a stream, and no status. */
export function hasReply(message: Msg): boolean {
  return replyLengthOf(message) > 0;
}

/** Bytes as the server takes them off the bytes of a pull request. */
export function wholeSizeOf(message: Msg): number {
  const { _msg: argument } = message as unknown as RawMessage;
  const subject = argument?.subject?.length ?? message.subject.length;
  return subject + replyLengthOf(message) + bytesOf(message);
}

/** From the bytes where the client shows them: its own headers lose the order among names. */
export function headersOf(message: Msg): ReadHeaders {
  const { _rdata: data, _msg: argument } = message as unknown as RawMessage;
  const length = argument?.hdr;
  if (data === undefined || length === undefined) return readHeaders(message.headers);
  return length > 0 ? readHeaderBlock(data, length) : NO_HEADERS;
}

/** Bytes of headers and value. */
export function bytesOf(message: Msg): number {
  const { _rdata: data, _msg: argument } = message as unknown as RawMessage;
  return data === undefined ? message.data.length + (argument?.hdr ?? 0) : data.length;
}

function replyLengthOf(message: Msg): number {
  const { _msg: argument } = message as unknown as RawMessage;
  return (argument === undefined ? message.reply?.length : argument.reply?.length) ?? 0;
}

function textOf(bytes: Uint8Array): string {
  return (
    Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  ).toString('utf8');
}
