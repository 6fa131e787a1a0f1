/** Tables and texts for terminals. Pure. */

/** A cell; undefined is shown as `-`. */
export type Cell = string | number | bigint | undefined;

const GAP = '  ';
/** Longer cells are cut: `--json` has all of them. */
const WIDEST = 80;
const ELLIPSIS = '…';

/** The last column is not cut below that. */
const NARROWEST = 12;

/**
 * Columns as wide as their widest cell; columns of numbers are aligned to the right.
 * @param fits characters of a line: the last column is cut for it. Default: no limit
 */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], fits?: number): string {
  const all = rows.map((row) => head.map((_, i) => cut(cellText(row[i]), WIDEST)));
  const widths = head.map((title, i) => widest(title.length, all, i));
  const last = head.length - 1;
  if (fits !== undefined) {
    const left = widths.slice(0, last).reduce((sum, width) => sum + width + GAP.length, 0);
    widths[last] = Math.min(widths[last] ?? 0, Math.max(NARROWEST, fits - left));
  }
  const texts = all.map((row) => row.map((text, i) => (i === last ? cut(text, widths[i] as number) : text)));
  const isRight = head.map((_, i) => rows.length > 0 && rows.every((row) => isNumeric(row[i])));
  const line = (cells: readonly string[]) =>
    cells
      .map((text, i) =>
        isRight[i] === true ? text.padStart(widths[i] as number) : text.padEnd(widths[i] as number),
      )
      .join(GAP)
      .trimEnd();
  return `${[line(head.map((title) => title.toUpperCase())), ...texts.map(line)].join('\n')}\n`;
}

/** Not by spreading: there may be more rows than arguments of a function. */
function widest(least: number, rows: readonly (readonly string[])[], column: number): number {
  return rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), least);
}

/** Pairs below each other; those without a value are left out. */
export function pairs(entries: readonly (readonly [name: string, value: Cell])[]): string {
  const said = entries.filter(([, value]) => value !== undefined);
  const width = Math.max(0, ...said.map(([name]) => name.length));
  return said.map(([name, value]) => `${`${name}:`.padEnd(width + 2)}${cellText(value)}\n`).join('');
}

const isNumeric = (cell: Cell) => cell === undefined || typeof cell === 'number' || typeof cell === 'bigint';

function cellText(cell: Cell): string {
  return cell === undefined ? '-' : printable(String(cell));
}

/**
 * On one line, and with nothing that a terminal would obey: whoever publishes a message writes to the operator's screen.
 * Control characters, and those that turn the direction of writing, become `\u001b`.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${(character.codePointAt(0) as number).toString(16).padStart(4, '0')}`,
  );
}

/** Cut to so many characters, not between the halves of one. */
export function cut(text: string, length: number): string {
  return text.length <= length
    ? text
    : `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}${ELLIPSIS}`;
}
