/** The groups, in the order in which a new store is best made to pass them. */
import type { Group } from '../suite.js';
import { claiming } from './claiming.js';
import { concurrency } from './concurrency.js';
import { failures } from './failures.js';
import { inbox } from './inbox.js';
import { leases } from './leases.js';
import { order } from './order.js';
import { pruning } from './pruning.js';
import { saving } from './saving.js';
import { transactions } from './transactions.js';

/** Every group of the suite, by name. */
export const groups: Readonly<Record<string, Group>> = {
  saving,
  claiming,
  leases,
  order,
  failures,
  transactions,
  pruning,
  inbox,
  concurrency,
};
