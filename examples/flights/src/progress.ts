/** Live progress: one line that is redrawn on a terminal, a plain line now and then elsewhere. */

export interface Progress {
  /** Events to handle in all. */
  readonly total: number;
  readonly published: number;
  readonly handled: number;
  readonly retried: number;
  readonly deadLettered: number;
}

const REDRAW_EVERY_MS = 80;
const PLAIN_LINE_EVERY_MS = 1000;
const BAR_MAX_WIDTH = 40;
const CLEAR_LINE = '\r\u001b[K';

/** Shows what `read` tells until the returned function is called, which shows the last state. */
export function showProgress(stream: NodeJS.WriteStream, read: () => Progress): () => void {
  let then = { at: performance.now(), state: read() };
  const draw = (): void => {
    const now = { at: performance.now(), state: read() };
    const seconds = Math.max((now.at - then.at) / 1000, 0.001);
    const rates = {
      published: (now.state.published - then.state.published) / seconds,
      handled: (now.state.handled - then.state.handled) / seconds,
    };
    then = now;
    if (stream.isTTY) stream.write(CLEAR_LINE + progressBar(now.state, rates, stream.columns ?? 80));
    else stream.write(`${progressText(now.state, rates)}\n`);
  };
  const timer = setInterval(draw, stream.isTTY ? REDRAW_EVERY_MS : PLAIN_LINE_EVERY_MS);
  return () => {
    clearInterval(timer);
    draw();
    if (stream.isTTY) stream.write('\n');
  };
}

/** Events per second since the line before. */
export interface Rates {
  readonly published: number;
  readonly handled: number;
}

/** `[=====>    ]  52% | 10,400 of 20,008 handled …`; what does not fit is left out, from the right. */
export function progressBar(state: Progress, rates: Rates, columns: number): string {
  const done = state.handled + state.deadLettered;
  const share = state.total === 0 ? 1 : Math.min(done / state.total, 1);
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const digits = count(state.total).length;
  const parts = [
    ` ${percent} ${perSecond(rates.handled)}`,
    `  ${count(state.handled).padStart(digits)} handled`,
    `  ${count(state.retried).padStart(2)} retried`,
    `  ${count(state.deadLettered)} dead-lettered`,
    `  ${count(state.published).padStart(digits)} published`,
  ];
  const room = columns - 1;
  let text = '';
  for (const part of parts) {
    if (text.length + part.length + '[]'.length + 10 > room) break;
    text += part;
  }
  const width = Math.max(Math.min(room - text.length - '[]'.length, BAR_MAX_WIDTH), 1);
  const filled = Math.round(share * width);
  const bar = '='.repeat(filled).replace(/=$/, share < 1 ? '>' : '=');
  return `[${bar.padEnd(width)}]${text}`;
}

/** The same for logs and pipes. */
export function progressText(state: Progress, rates: Rates): string {
  return [
    `${count(state.handled)} of ${count(state.total)} handled (${perSecond(rates.handled).trim()})`,
    `${count(state.published)} published (${perSecond(rates.published).trim()})`,
    `${count(state.retried)} retried`,
    `${count(state.deadLettered)} dead-lettered`,
  ].join(', ');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function perSecond(rate: number): string {
  return `${count(Math.round(rate))}/s`.padStart(9);
}
