/** Options that many methods have alone. */
import type { Duration } from '../duration.js';
import { abortSignal, duration } from './option-kinds.js';
import { type OptionTable, optionTable } from './options.js';

/** `{ signal }`. */
export const SIGNAL_OPTIONS: OptionTable = optionTable<{ signal?: AbortSignal }>(
  { signal: abortSignal },
  { timeout: 'give { signal: AbortSignal.timeout(ms) }' },
);

/** Of everything that is closed. */
export const CLOSE_OPTIONS: OptionTable = optionTable<{ timeout?: Duration }>({ timeout: duration });

/** Of what takes none, where somebody might think that it does. */
export const NO_OPTIONS: OptionTable = optionTable<object>({});
