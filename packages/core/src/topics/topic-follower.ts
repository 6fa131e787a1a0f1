/** Who is told of topics that change. */
import type { Persistence } from '../driver/message.js';

/** Who uses topics, and has to know of changes. */
export interface TopicFollower {
  /** A topic's configuration changed: drop remembered settings of it. */
  changed(topic: string): void;
  /**
   * The topic's persistence changes: moves live publishers and subscriptions over, and calls `commit` at the moment
   * from which on the new one holds. Rejects where it cannot, with nothing changed or committed.
   */
  move(topic: string, persistence: Persistence, commit: () => void): Promise<void>;
}

/** Follows nothing: changes hold at once. */
export const NO_FOLLOWER: TopicFollower = {
  changed: () => {},
  move: async (_topic, _persistence, commit) => commit(),
};
