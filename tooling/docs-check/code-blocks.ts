/** The fenced code blocks of Markdown files. */

export interface CodeBlock {
  /** Path of the Markdown file, from the root of the repository. */
  readonly file: string;
  /** Line of the first line of code, 1-based. */
  readonly line: number;
  /** The words after the fence: `['ts', 'program']`. */
  readonly info: readonly string[];
  readonly code: string;
}

export function codeBlocks(file: string, markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { indent: string; fence: string; line: number; info: string[]; code: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    if (open !== undefined) {
      if (line.trim() === open.fence) {
        blocks.push({ file, line: open.line, info: open.info, code: open.code.join('\n') });
        open = undefined;
      } else {
        open.code.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
      }
      continue;
    }
    const [, indent = '', fence, info = ''] = /^( *)(`{3,})(.*)$/.exec(line) ?? [];
    if (fence !== undefined) {
      open = { indent, fence, line: index + 2, info: info.trim().split(/\s+/), code: [] };
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.line - 1}: this code block is never closed`);
  return blocks;
}

/** TypeScript, which must compile. */
export function isTypeScript(block: CodeBlock): boolean {
  return block.info[0] === 'ts' && block.info[1] !== 'excerpt';
}

/** Of a source file, fenced as `ts excerpt path/from/root.ts`: it must be found there. `// …` stands for a gap. */
export function excerptOf(block: CodeBlock): string | undefined {
  return block.info[1] === 'excerpt' ? block.info[2] : undefined;
}

/** The parts of an excerpt that its source does not have in this order. Indentation does not count. */
export function notIn(source: string, excerpt: string): string[] {
  const lines = (text: string) => text.split('\n').map((line) => line.trim());
  const text = `\n${lines(source).join('\n')}\n`;
  const parts = `\n${lines(excerpt).join('\n')}\n`.split('\n// …\n').map((part) => part.trim());
  let from = 0;
  return parts.filter((part) => {
    const at = text.indexOf(`\n${part}\n`, from);
    if (at >= 0) from = at + part.length;
    return at < 0;
  });
}

/** Goes on where the TypeScript block before it ended. */
export function isContinued(block: CodeBlock): boolean {
  return isTypeScript(block) && block.info[1] === 'continued';
}

/** A whole program, fenced as `ts program`: it must run, and print what a `text output` block after it says. */
export function isProgram(block: CodeBlock): boolean {
  return isTypeScript(block) && block.info[1] === 'program';
}

export function isOutput(block: CodeBlock): boolean {
  return block.info.join(' ') === 'text output';
}
