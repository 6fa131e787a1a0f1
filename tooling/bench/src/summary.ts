/** The few figures of the README, made from the same results as the page of figures. */
import type { Results } from './document.js';

const BEGIN = '<!-- figures: made with docs/benchmarks.md -->';
const END = '<!-- end of figures -->';
const SUITES = ['nats', 'kafka', 'peers'];
const BY_THE_CLOCK = ', by the clock';

/** Markdown: the ratios that have a target, with the job of each. */
export function summaryOf({ suites, date, machine }: Results): string {
  const lines: string[] = [];
  for (const suite of SUITES) {
    let job = '';
    for (const { contender, against = '', figure = '', target } of suites[suite] ?? []) {
      if (contender?.startsWith('ebus')) job = contender;
      if (target === undefined || !against.endsWith(BY_THE_CLOCK)) continue;
      lines.push(`| ${job} | ${against.slice(0, -BY_THE_CLOCK.length)} | ${figure} |`);
    }
  }
  const processors = /\d+ x/.exec(machine)?.[0].slice(0, -2) ?? '?';
  const measured = `Messages a second in comparison, on ${processors} processors on ${date.slice(0, 10)}. [All figures](docs/benchmarks.md).`;
  return [
    BEGIN,
    '',
    measured,
    '',
    '| job | against | ebus |',
    '| --- | --- | ---: |',
    ...lines,
    '',
    END,
  ].join('\n');
}

/** The page with the present figures in it. @throws Error for one without their place */
export function withSummary(page: string, results: Results): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end < begin) throw new Error(`the page has no place for figures: ${BEGIN}`);
  return page.slice(0, begin) + summaryOf(results) + page.slice(end + END.length);
}
