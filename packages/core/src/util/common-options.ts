/** Options that many methods have alone. */
import type { Duration } from '../duration.js';
import { abortSignal, duration } from './option-kinds.js';
import { type OptionTable, optionTable } from './options.js';

/** `{ signal }`. */
export const SIGNAL_OPTIONS: OptionTable = optionTable<{ signal?: AbortSignal }>(
  { signal: abortSignal },
  { timeout: 'give { signal: AbortSignal.timeout(ms) }' },
);

/** Options of every `close`. */
export const CLOSE_OPTIONS: OptionTable = optionTable<{ timeout?: Duration }>({ timeout: duration });

/** Of calls without options, where users might expect some. */
export const NO_OPTIONS: OptionTable = optionTable<object>({});
