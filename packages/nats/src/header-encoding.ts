/** Header values that a header line cannot carry unchanged: percent-encoded, and back. Pure. */
import { type HeaderValue, headerBytes } from '@ebus/core/driver';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const HEX = Array.from({ length: 256 }, (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`);
const PERCENT = 0x25;

/** Printable ASCII other than `%` as it is, all else as `%XX` of its UTF-8 bytes. */
export function percentEncode(value: HeaderValue): string {
  let text = '';
  for (const byte of headerBytes(value)) {
    text += byte > 0x20 && byte < 0x7f && byte !== PERCENT ? String.fromCharCode(byte) : HEX[byte];
  }
  return text;
}

/** Decodes `%XX`; a `%` without two hexadecimal digits stays as it is. Bytes that are not UTF-8 come back as bytes. */
export function percentDecode(text: string): HeaderValue {
  const bytes = Buffer.alloc(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const escaped = code === PERCENT ? Number.parseInt(text.slice(i + 1, i + 3), 16) : Number.NaN;
    if (Number.isNaN(escaped)) bytes[length++] = code;
    else {
      bytes[length++] = escaped;
      i += 2;
    }
  }
  return textOrBytes(bytes.subarray(0, length));
}

/** A value as the client decoded it, one character a byte: text where those bytes are UTF-8, else the bytes. */
export function fromLatin1(latin1: string): HeaderValue {
  return textOrBytes(Buffer.from(latin1, 'latin1'));
}

/** Text where the bytes are UTF-8, else the bytes. */
function textOrBytes(bytes: Uint8Array): HeaderValue {
  try {
    return decoder.decode(bytes);
  } catch {
    return new Uint8Array(bytes);
  }
}
