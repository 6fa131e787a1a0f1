/** Reads server-sent events from pieces of text. Pure. */

/** Gives the data of complete events, and keeps the rest. Comments are left out. */
export class EventReader {
  #rest = '';

  read(text: string): string[] {
    const parts = (this.#rest + text).split('\n\n');
    this.#rest = parts.pop() ?? '';
    return parts.flatMap((part) => {
      const data = part
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).replace(/^ /, ''));
      return data.length === 0 ? [] : [data.join('\n')];
    });
  }
}
