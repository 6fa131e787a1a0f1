/** Collects all problems of a configuration, for one error. */
import { ConfigError, type ConfigProblem } from '../errors.js';
import { shown } from '../util/shown.js';
import { Secrets } from './secrets.js';

/** More are counted; a message is for reading. */
const MAX_LISTED = 50;
/** More are not even kept. */
const MAX_KEPT = 10_000;
/** A longer key is shown cut. */
const LONGEST_KEY = 200;

/** Collects problems in the order of their finding. Their number is bounded: the others are counted. */
export class Problems {
  readonly secrets = new Secrets();
  readonly #found: ConfigProblem[] = [];
  readonly #paths = new Set<string>();
  #count = 0;

  /** Paths with a problem. */
  get paths(): ReadonlySet<string> {
    return this.#paths;
  }

  /** Whether the next one is still shown in the message of the error. */
  get listsNext(): boolean {
    return this.#found.length < MAX_LISTED;
  }

  get any(): boolean {
    return this.#count > 0;
  }

  /** Secrets in the message are masked. A function is asked for it only where the problem is kept. */
  add(path: readonly PropertyKey[], message: string | (() => string)): void {
    this.#count += 1;
    if (this.#found.length >= MAX_KEPT) return;
    const said = typeof message === 'string' ? message : message();
    const dotted = dottedPath(path);
    this.#paths.add(dotted);
    this.#found.push({ path: dotted, message: this.secrets.redact(said) });
  }

  /** One error for all of it; `what` says of what: `the configuration`. */
  error(what: string): ConfigError {
    const lines = this.#found
      .slice(0, MAX_LISTED)
      .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    const more = this.#count - lines.length;
    if (more > 0) lines.push(`and ${more} more`);
    const list = lines.length === 1 ? ` ${lines[0]}` : lines.map((line) => `\n  ${line}`).join('');
    return new ConfigError(`${what} is wrong:${list}`, { problems: this.#found });
  }
}

/** Line breaks and the like cannot pretend to be other problems. */
export function dottedPath(path: readonly PropertyKey[]): string {
  return path.map((key) => shown(String(key), LONGEST_KEY)).join('.');
}
