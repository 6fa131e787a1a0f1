/** A member's commits: soon after something was settled, and once more where they got lost. */
import type { LogGroup } from './log-group.js';
import type { Share } from './log-share.js';
import type { GroupMember } from './log-types.js';
import type { MemberParts } from './member.js';

const COMMIT_EVERY_MS = 500;

interface CommitOptions {
  /** None once the member has left. */
  shares(): Iterable<Share>;
  /** The group says that a partition is another's. */
  refused(): void;
}

/** Commits the positions of one member, at most every 500 virtual milliseconds. */
export class LogCommits {
  readonly #parts: MemberParts;
  readonly #member: GroupMember;
  readonly #group: LogGroup;
  readonly #options: CommitOptions;
  #isDue = false;

  constructor(parts: MemberParts, member: GroupMember, group: LogGroup, options: CommitOptions) {
    this.#parts = parts;
    this.#member = member;
    this.#group = group;
    this.#options = options;
  }

  soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const { time, owner, link } = this.#parts;
    time.at(
      COMMIT_EVERY_MS,
      () => {
        this.#isDue = false;
        for (const share of this.#options.shares()) {
          if (share.isTaken) continue;
          this.now(share).catch(() => link.isUp && this.soon());
        }
      },
      owner,
    );
  }

  /** Rejects where the network lost it. */
  async now(share: Share, signal?: AbortSignal): Promise<void> {
    const { link } = this.#parts;
    const offset = share.tracker.watermark;
    if (offset === undefined || offset <= share.committed) return;
    const { incarnation } = share;
    const commit = () => this.#group.commit(this.#member, share.index, share.epoch, { offset, incarnation });
    const answer = await link.call('commit', commit, signal);
    if (answer === 'committed') share.committed = Math.max(share.committed, offset);
    else if (!share.isGone) this.#options.refused();
  }
}
