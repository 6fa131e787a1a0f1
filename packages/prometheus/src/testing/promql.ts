/** What a PromQL expression is about, as far as tests need it. */

const KEYWORDS = new Set(
  'and or unless by without on ignoring group_left group_right offset bool inf nan'.split(' '),
);
/** What follows these in brackets are labels. */
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi;

/** Every name that is neither a function, nor a keyword, nor a label: the metrics. Variables must be filled in. */
export function metricNamesIn(expr: string): string[] {
  const plain = withoutTexts(expr)
    .replaceAll(/\{[^}]*\}/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(GROUPING, ' ');
  const names = [...plain.matchAll(/[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g)].map(([name]) => name);
  return [...new Set(names)].filter((name) => !KEYWORDS.has(name.toLowerCase()));
}

/** The labels that selectors and groupings name, `le` apart. */
export function labelNamesIn(expr: string): string[] {
  const plain = withoutTexts(expr);
  const matchers = [...plain.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) =>
    [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, name = '']) => name),
  );
  const groups = [...plain.matchAll(/\b(?:by|without|on|ignoring)\s*\(([^)]*)\)/gi)].flatMap(
    ([, inside = '']) => inside.split(',').map((name) => name.trim()),
  );
  return [...new Set([...matchers, ...groups])].filter((name) => name !== '' && name !== 'le');
}

/** The variables of Grafana in a text: `$topic`, `${topic}`, `${topic:regex}`, `[[topic]]`. */
export function variablesIn(text: string): string[] {
  const found = text.matchAll(/\$(\w+)|\$\{(\w+)(?:[.:][^}]*)?\}|\[\[(\w+)(?::\w+)?\]\]/g);
  return [...new Set([...found].map(([, plain, braced, square]) => plain ?? braced ?? square ?? ''))];
}

function withoutTexts(expr: string): string {
  return expr.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""');
}
