/** One sentence for every change that ebus makes on a broker, with the old and the new value. */
import { formatDuration } from '../duration.js';
import type { Logger } from '../logger.js';
import { formatSize } from '../size.js';
import { shown } from '../util/shown.js';

/** How a value is shown. The first three are limits: 0, a negative number and nothing at all say "no limit". */
export type SettingKind = 'duration' | 'size' | 'limit' | 'plain';

/** One setting of a topic or consumer that was changed on the broker. */
export interface SettingChange {
  /** The name that configurations have for it. */
  readonly field: string;
  /** Milliseconds, bytes, a number, text, a list; `undefined` where there was nothing. */
  readonly from: unknown;
  readonly to: unknown;
  /** Default `plain`. */
  readonly kind?: SettingKind;
}

/** Values that promise less than another one of the same setting. */
const WEAKER: ReadonlySet<string> = new Set(['persistent ephemeral', 'new old', 'file memory']);

/**
 * Logs changes: at `warn` where a setting was shortened, lowered or removed, else at `info`.
 * `what` names it, `topic 'orders'`; `fields` go into the log line beside `changes`.
 */
export function logSettingChanges(
  logger: Logger,
  what: string,
  changes: readonly SettingChange[],
  fields: Readonly<Record<string, unknown>> = {},
): void {
  if (changes.length === 0) return;
  const said = changes.map(({ field, from, to, kind }) => ({
    field,
    from: valueText(from, kind),
    to: valueText(to, kind),
  }));
  const list = said.map(({ field, from, to }) => `${field} ${from} → ${to}`).join(', ');
  const level = changes.some(lessens) ? 'warn' : 'info';
  logger[level]({ ...fields, changes: said }, `changed ${what} on the broker: ${list}`);
}

/** Logs a creation at `info`, with the settings. */
export function logCreated(
  logger: Logger,
  what: string,
  settings: readonly Omit<SettingChange, 'from'>[],
  fields: Readonly<Record<string, unknown>> = {},
): void {
  const list = settings.map(({ field, to, kind }) => `${field} ${valueText(to, kind)}`).join(', ');
  logger.info(fields, `created ${what} on the broker${list === '' ? '' : `: ${list}`}`);
}

/** Whether the change shortens, lowers or removes a setting. */
export function lessens({ from, to, kind = 'plain' }: SettingChange): boolean {
  if (kind !== 'plain') {
    const [before, after] = [limitOf(from), limitOf(to)];
    return after < before || (before !== after && after === Number.POSITIVE_INFINITY);
  }
  if (isNothing(to)) return !isNothing(from);
  if (typeof from === 'number' && typeof to === 'number') return to < from;
  if (Array.isArray(from) && Array.isArray(to)) return from.some((one) => !to.includes(one));
  return WEAKER.has(`${String(from)} ${String(to)}`);
}

function limitOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : Number.POSITIVE_INFINITY;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

function valueText(value: unknown, kind: SettingKind = 'plain'): string {
  if (kind !== 'plain') {
    const limit = limitOf(value);
    if (limit === Number.POSITIVE_INFINITY) return 'no limit';
    return kind === 'duration' ? formatDuration(limit) : kind === 'size' ? formatSize(limit) : String(limit);
  }
  if (isNothing(value)) return 'none';
  return Array.isArray(value) ? `[${shown(value.join(', '))}]` : shown(value);
}
