// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of configurations look like that
/** Inputs as strangers write them: valid ones, spoiled. `EBUS_FUZZ` sets how many inputs of each kind are tried. */
import fc from 'fast-check';

/** Inputs of one kind; a million in a nightly run: `EBUS_FUZZ=1000000 pnpm unit fuzz`. */
export const INPUTS = Number(process.env.EBUS_FUZZ ?? 10_000);

/** One test may take that long, in milliseconds. */
export const FUZZ_TIMEOUT_MS = 20_000 + INPUTS * 2;

/** Pieces that parsers stumble over. */
const NASTY = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    ':',
    ',',
    '\0',
    '\n',
    '\r',
    '\u2028',
    '\ufeff',
    '\ud800',
    '-',
    '1e999',
    '1e-999',
  ],
  ...[
    'null',
    'true',
    '__proto__',
    'constructor',
    'toString',
    '"__proto__":{"a":1},',
    '[[[[[[[[',
    '{"a":{"a":{"a":',
  ],
  ...[
    '9007199254740993',
    '0x10',
    'NaN',
    '-0',
    '<<: *a',
    '&a',
    '*a',
    '!!js',
    '${A}',
    '\t',
    '- ',
    '? ',
    '|',
    '%41',
  ],
];

type Edit =
  | { readonly kind: 'cut' | 'drop' | 'repeat'; readonly at: number; readonly length: number }
  | { readonly kind: 'insert'; readonly at: number; readonly text: string };

const share = fc.double({ min: 0, max: 1, noNaN: true });

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('cut' as const, 'drop' as const, 'repeat' as const),
    at: share,
    length: fc.nat(40),
  }),
  fc.record({
    kind: fc.constant('insert' as const),
    at: share,
    text: fc.oneof(fc.constantFrom(...NASTY), fc.string({ maxLength: 8, unit: 'binary' })),
  }),
);

function apply(text: string, change: Edit): string {
  const at = Math.floor(change.at * text.length);
  if (change.kind === 'insert') return text.slice(0, at) + change.text + text.slice(at);
  const end = at + change.length;
  if (change.kind === 'cut') return text.slice(0, at);
  if (change.kind === 'drop') return text.slice(0, at) + text.slice(end);
  return text.slice(0, end) + text.slice(at);
}

/** One of the samples with up to four edits, or text that has nothing to do with them. */
export function spoiledText(...samples: readonly string[]): fc.Arbitrary<string> {
  const edited = fc
    .tuple(fc.constantFrom(...samples), fc.array(edit, { maxLength: 4 }))
    .map(([sample, edits]) => edits.reduce(apply, sample));
  return fc.oneof({ weight: 9, arbitrary: edited }, { weight: 1, arbitrary: fc.string({ unit: 'binary' }) });
}

/** The same as bytes, some of which are no UTF-8. */
export function spoiledBytes(...samples: readonly string[]): fc.Arbitrary<Uint8Array> {
  const flips = fc.array(fc.tuple(share, fc.nat(255)), { maxLength: 3 });
  return fc.tuple(spoiledText(...samples), flips).map(([text, all]) => {
    const bytes = new TextEncoder().encode(text);
    for (const [at, value] of all) if (bytes.length > 0) bytes[Math.floor(at * (bytes.length - 1))] = value;
    return bytes;
  });
}

/** Tries `check` on that many inputs; a failure names its seed, and its smallest input. */
export function fuzz<T>(inputs: fc.Arbitrary<T>, check: (input: T) => void): void {
  fc.assert(fc.property(inputs, check), { numRuns: INPUTS });
}

/** Checks that nothing leaks into every object of the process. */
export function prototypeIsClean(): boolean {
  return Object.keys(Object.prototype).length === 0 && ({} as { a?: unknown }).a === undefined;
}
