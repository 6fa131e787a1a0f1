/** A trace as a tree of text. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** A line for each span, below its parent and in the order given: name, service, when it began, how long it took. */
export function treeOf(spans: readonly ReadableSpan[]): string[] {
  const first = Math.min(...spans.map(begin));
  const rows = rowsOf(spans);
  const width = Math.max(...rows.map(({ text }) => text.length));
  return rows.map(({ text, span }) => {
    const at = `+${(begin(span) - first).toFixed(1)} ms`.padStart(11);
    const took = `${(time(span.endTime) - begin(span)).toFixed(1)} ms`.padStart(10);
    return `${text.padEnd(width)} ${serviceOf(span).padEnd(8)}${at}${took}  ${noteOf(span)}`.trimEnd();
  });
}

interface Row {
  readonly text: string;
  readonly span: ReadableSpan;
}

function rowsOf(spans: readonly ReadableSpan[]): Row[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const below = (parent: string | undefined) =>
    spans.filter(({ parentSpanContext: above }) =>
      above === undefined || !ids.has(above.spanId) ? parent === undefined : above.spanId === parent,
    );
  const walk = (span: ReadableSpan, lead: string, branch: string, rest: string): Row[] => {
    const children = below(span.spanContext().spanId);
    const rows = children.flatMap((child, index) => {
      const isLast = index === children.length - 1;
      return walk(child, lead + rest, isLast ? '└─ ' : '├─ ', isLast ? '   ' : '│  ');
    });
    return [{ text: `${lead}${branch}${span.name}`, span }, ...rows];
  };
  return below(undefined).flatMap((root) => walk(root, '', '', ''));
}

const time = ([seconds, nanoseconds]: ReadableSpan['startTime']) => seconds * 1_000 + nanoseconds / 1e6;
const begin = (span: ReadableSpan) => time(span.startTime);
const serviceOf = ({ attributes }: ReadableSpan) => String(attributes['messaging.client.id'] ?? '');

function noteOf({ attributes, status }: ReadableSpan): string {
  const attempt = attributes['ebus.attempt'];
  const notes = attempt === undefined ? [] : [`attempt ${String(attempt)}`];
  if (status.message !== undefined) notes.push(`failed: ${status.message}`);
  return notes.join(', ');
}
