/** Pieces of generated Markdown pages. */

/** How to make the pages again; stands on each of them. */
const ORIGIN = '<!-- Generated: npx vitest run tooling/docs-check/reference -u -->';

export function page(title: string, ...parts: string[]): string {
  return `${[`# ${title}`, ORIGIN, ...parts].join('\n\n')}\n`;
}

/** A table; `|` within a cell is escaped, and lines are joined. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cellOf).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Within code, `<` stands for itself; elsewhere it would begin a tag. */
function cellOf(text: string): string {
  const oneLine = text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
  return oneLine.replaceAll(/(`[^`]*`)|</g, (_all, code: string | undefined) => code ?? '&lt;');
}
