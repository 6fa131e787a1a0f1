/** Looks over the text of a YAML file before it is parsed: the parser takes long, and much memory, for other texts. */
import { MAX_DEPTH } from './tree.js';

/** A key with a value are some eight of them, so that a file of 20,000 topics has half as many. */
const MAX_TOKENS = 1_000_000;

/** By these the lexer announces a document, the end of brackets, and a scalar. They are not in the text. */
const ANNOUNCEMENTS = new Set(['\x02', '\x18', '\x1f']);

/** Where a file is beyond the bounds, and why. */
export interface BoundsProblem {
  readonly offset: number;
  readonly message: string;
}

/** The first bound that is passed. Time and memory are those of reading the text once. */
export function yamlBoundsProblem(yaml: typeof import('yaml'), text: string): BoundsProblem | undefined {
  let offset = 0;
  let tokens = 0;
  /** Of brackets that are open. */
  let flow = 0;
  /** Of lists within lists on one line, `- - -`. */
  let inLine = 0;
  for (const token of new yaml.Lexer().lex(text)) {
    if (++tokens > MAX_TOKENS) {
      return { offset, message: `more than ${MAX_TOKENS.toLocaleString('en')} keys, values and signs` };
    }
    switch (token[0]) {
      case '[':
      case '{':
        if (token.length === 1) flow++;
        break;
      case ']':
      case '}':
        if (token.length === 1) flow--;
        break;
      case '-':
      case '?':
        if (token.length === 1) inLine++;
        break;
      case '\n':
      case '\r':
        inLine = 0;
        break;
    }
    if (flow > MAX_DEPTH || inLine > MAX_DEPTH) {
      return { offset, message: `nested more than ${MAX_DEPTH} levels deep` };
    }
    if (!ANNOUNCEMENTS.has(token)) offset += token.length;
  }
  return undefined;
}
