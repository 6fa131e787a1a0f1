/** Reads what a process writes, line by line. */
import type { Readable } from 'node:stream';

/** Calls `onLine` with each line that is complete, without its end. */
export function eachLine(stream: Readable | null, onLine: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
