/** Names within the prose of the documentation: inline code, and commands in shell blocks. */
import { codeBlocks } from './code-blocks.js';

/** A name with the page that uses it. */
export interface NameUse {
  readonly file: string;
  readonly name: string;
}

/** Inline code of a page, without its code blocks. */
export function inlineCode(file: string, markdown: string): NameUse[] {
  const prose = markdown.replaceAll(/^ *```[\s\S]*?^ *```/gm, '');
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, name = '']) => ({ file, name }));
}

/** Lines of shell blocks, without comments. */
export function shellLines(file: string, markdown: string): NameUse[] {
  const blocks = codeBlocks(file, markdown).filter(({ info }) => info[0] === 'sh');
  const lines = blocks
    .flatMap(({ code }) => code.split('\n'))
    .map((line) => line.replace(/\s*#.*$/, '').trim());
  return lines.filter((line) => line !== '').map((name) => ({ file, name }));
}

/** The uses that the pattern finds a name in (its first group) which is not among the known ones. */
export function unknown(
  uses: readonly NameUse[],
  pattern: RegExp,
  isKnown: (name: string) => boolean,
): string[] {
  return uses.flatMap(({ file, name }) => {
    const found = pattern.exec(name)?.[1];
    return found === undefined || isKnown(found) ? [] : [`${file}: ${found}`];
  });
}
