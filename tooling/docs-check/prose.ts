/** Counts what makes prose hard to skim: clauses that begin with "what", "somebody" and its kind, many commas. */

/** Figures of one text. */
export interface ProseCount {
  readonly words: number;
  readonly whatClauses: number;
  readonly indefinites: number;
  readonly commasPerSentence: number;
}

const WHAT =
  /\b[Ww]hat (is|was|are|were|has|had|it|they|came|comes|a|an|the|ebus|core|one|cannot|runs|waits|failed|finished|follows|that|somebody|nobody|only|never)\b/g;
const INDEFINITE = /\b(somebody|nobody|something|everything|whoever|whatever|anybody)\b/gi;

/** Sentences without code, tables, headings and addresses. */
export function sentences(markdown: string): string[] {
  const text = markdown
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .replaceAll(/^#.*$/gm, '')
    .replaceAll(/\|[^\n]*\|/g, '')
    .replaceAll(/`[^`]*`/g, 'X')
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return text.split(/(?<=[.!?])\s+(?=[A-Z*-])/).filter((sentence) => sentence.split(' ').length > 3);
}

export function countProse(texts: readonly string[]): ProseCount {
  const found = texts.flatMap(sentences);
  const joined = found.join(' ');
  const count = (pattern: RegExp) => joined.match(pattern)?.length ?? 0;
  return {
    words: joined.split(' ').length,
    whatClauses: count(WHAT),
    indefinites: count(INDEFINITE),
    commasPerSentence: count(/,/g) / Math.max(1, found.length),
  };
}

/** The limits of words are for each 1,000. A short page may have one of each kind. */
const LIMITS = { whatClauses: 2, indefinites: 1.5, commasPerSentence: 1.5 };
/** In a shorter text one list is enough to change the mean. */
const MEAN_WORDS = 200;

/** What is too much, one line each. */
export function tooMuch({ words, whatClauses, indefinites, commasPerSentence }: ProseCount): string[] {
  const allowed = (limit: number) => Math.max(1, (limit * words) / 1000);
  const lines: string[] = [];
  if (whatClauses > allowed(LIMITS.whatClauses)) lines.push(`${whatClauses} clauses that begin with "what"`);
  if (indefinites > allowed(LIMITS.indefinites))
    lines.push(`${indefinites} of somebody, nobody, something …`);
  if (words >= MEAN_WORDS && commasPerSentence > LIMITS.commasPerSentence) {
    lines.push(`${commasPerSentence.toFixed(2)} commas a sentence; at most ${LIMITS.commasPerSentence}`);
  }
  return lines.map((line) => `${line}, in ${words} words`);
}
