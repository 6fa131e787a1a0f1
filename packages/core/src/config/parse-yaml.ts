/** From the text of a YAML or JSON file (which is YAML) to plain values, within bounds and without surprises. */
import type { Alias, Document, LineCounter, Node, Pair, ParsedNode, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { isRecord } from '../util/records.js';
import { MAX_DEPTH } from './tree.js';
import { yamlBoundsProblem } from './yaml-bounds.js';

const MAX_VALUES = 1_000_000;
/** One mistake often causes many errors. */
const MAX_ERRORS = 10;

/** Why a text is no configuration; one line for each reason, none of which quotes the text. */
export class YamlError extends Error {
  readonly reasons: readonly string[];
  constructor(reasons: readonly string[]) {
    super(reasons.join('; '));
    this.reasons = reasons;
  }
}

/** In our words: the parser's own messages quote the text, which may be a secret. */
const SYNTAX: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias that is not written correctly',
  BAD_INDENT: 'wrong indentation, or a bracket that is not closed',
  BAD_SCALAR_START: 'a value that begins with a reserved character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: "a second ': ' in one line; put the value in quotes",
  MISSING_CHAR: 'a quote, comma or colon is missing',
  MULTIPLE_DOCS: 'more than one document in the file',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'indented with a tab; use spaces',
  TAG_RESOLVE_FAILED: 'a tag (!…) that is not supported',
  UNEXPECTED_TOKEN: 'something that cannot stand here; a value may need quotes',
};

/**
 * Parses one document. Aliases (`*name`) and merge keys (`<<`) are resolved by copying. Duplicate keys, aliases that
 * contain themselves or blow the file up, tags, and more than one document are refused; so is text that nests more than
 * 64 levels deep or too often, before it is parsed.
 * @throws YamlError
 */
export async function parseYaml(text: string): Promise<unknown> {
  // Only those who read files load the parser.
  const yaml = await import('yaml');
  const beyond = yamlBoundsProblem(yaml, text);
  if (beyond !== undefined) throw new YamlError([`${placeIn(text, beyond.offset)}: ${beyond.message}`]);
  const lines = new yaml.LineCounter();
  // Its own check of unique keys takes quadratic time.
  const options = { uniqueKeys: false, prettyErrors: false, lineCounter: lines, schema: 'core' as const };
  const document = yaml.parseDocument(text, options);
  const errors = [...document.errors, ...document.warnings];
  if (errors.length > 0) {
    const reasons = errors.map(
      ({ code, pos }) => `${place(lines, pos[0])}: ${SYNTAX[code] ?? 'not valid YAML'}`,
    );
    throw new YamlError([...new Set(reasons)].slice(0, MAX_ERRORS));
  }
  return new Reader(yaml, document, lines).read();
}

function placeIn(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}

function place(lines: LineCounter, offset: number | undefined): string {
  const { line, col } = lines.linePos(offset ?? 0);
  return `line ${line}, column ${col}`;
}

class Reader {
  readonly #yaml: typeof import('yaml');
  readonly #document: Document.Parsed<ParsedNode>;
  readonly #lines: LineCounter;
  /** An anchor means the node that had it last; nodes are read in the order of the text. */
  readonly #anchors = new Map<string, Node>();
  readonly #reading = new Set<Node>();
  readonly #reasons: string[] = [];
  #values = 0;

  constructor(yaml: typeof import('yaml'), document: Document.Parsed<ParsedNode>, lines: LineCounter) {
    this.#yaml = yaml;
    this.#document = document;
    this.#lines = lines;
  }

  read(): unknown {
    const value = this.#value(this.#document.contents, 0);
    if (this.#reasons.length > 0) throw new YamlError(this.#reasons.slice(0, MAX_ERRORS));
    return value;
  }

  #value(node: unknown, depth: number): unknown {
    const { isAlias, isMap, isScalar, isSeq } = this.#yaml;
    if (++this.#values > MAX_VALUES) {
      throw new YamlError([`more than ${MAX_VALUES.toLocaleString('en')} values, aliases resolved`]);
    }
    if (node === null || node === undefined) return null;
    if (depth > MAX_DEPTH) return this.#wrong(node as Node, `nested more than ${MAX_DEPTH} levels deep`);
    if (isAlias(node)) return this.#alias(node, depth);
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) this.#anchors.set(anchor, node as Node);
    if (isScalar(node)) return (node as Scalar).value;
    this.#reading.add(node as Node);
    const value = isMap(node) ? this.#map(node, depth) : isSeq(node) ? this.#list(node, depth) : undefined;
    this.#reading.delete(node as Node);
    return value;
  }

  #alias(alias: Alias, depth: number): unknown {
    const node = this.#anchors.get(alias.source);
    if (node === undefined) return this.#wrong(alias, 'an alias for which there is no anchor before it');
    if (this.#reading.has(node)) return this.#wrong(alias, 'an alias for something that it is a part of');
    return this.#value(node, depth + 1);
  }

  #list(list: YAMLSeq, depth: number): unknown[] {
    return list.items.map((item) => this.#value(item, depth + 1));
  }

  #map(map: YAMLMap, depth: number): Record<string, unknown> {
    const own: Record<string, unknown> = {};
    const merged: Record<string, unknown>[] = [];
    for (const { key, value } of map.items as Pair<unknown, unknown>[]) {
      const name = this.#key(key, map);
      if (name === undefined) continue;
      if (name === '<<' && (key as Scalar).type === 'PLAIN') {
        merged.push(...this.#merged(value, depth, key as Node));
      } else if (Object.hasOwn(own, name)) {
        this.#wrong(key as Node, `'${shortened(name)}' is there a second time`);
      } else {
        own[name] = this.#value(value, depth + 1);
      }
    }
    // What is nearer wins: own keys, then the first of several that are merged.
    return merged.length === 0 ? own : Object.assign({}, ...merged.reverse(), own);
  }

  #key(key: unknown, map: YAMLMap): string | undefined {
    const value = this.#yaml.isScalar(key) ? key.value : undefined;
    if (this.#yaml.isScalar(key) && key.anchor !== undefined) this.#anchors.set(key.anchor, key);
    if (value === undefined || value === null || value === '__proto__') {
      return this.#wrong(this.#yaml.isNode(key) ? key : map, 'a key that is no text');
    }
    // `1:` and `on:` are texts here, as they are written.
    const { source } = key as Scalar;
    return typeof value === 'string' ? value : (source ?? String(value));
  }

  #merged(node: unknown, depth: number, key: Node): Record<string, unknown>[] {
    const value = this.#value(node, depth + 1);
    const sources = Array.isArray(value) ? value : [value];
    if (sources.every(isRecord)) return sources;
    return this.#wrong(key, "'<<' merges only objects") ?? [];
  }

  #wrong(node: Node, reason: string): undefined {
    this.#reasons.push(`${place(this.#lines, node.range?.[0])}: ${reason}`);
  }
}

const shortened = (name: string) => (name.length > 60 ? `${name.slice(0, 60)}…` : name);
