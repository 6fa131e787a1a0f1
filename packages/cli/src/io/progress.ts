/** Progress of long work, on the terminal of a person. */
import type { Io } from './io.js';
import { cut, printable } from './table.js';

/** Back to the beginning of the line, which is cleared. */
const OVER = '\r\u001b[K';
/** Of a line that did not fit, only the end would be cleared. */
const WIDEST = 80;

/** One line on standard error that is written over and over, and gone at the end. Nothing where no person looks. */
export class Progress {
  readonly #io: Io;
  #isShown = false;

  constructor(io: Io) {
    this.#io = io;
  }

  tell(text: string): void {
    if (!this.#io.errIsTerminal || this.#io.signal.aborted) return;
    this.#isShown = true;
    const width = Math.min(WIDEST, this.#io.errColumns || WIDEST);
    this.#io.err(`${OVER}${cut(`${printable(text)}…`, Math.max(1, width))}`);
  }

  end(): void {
    if (this.#isShown) this.#io.err(OVER);
    this.#isShown = false;
  }
}
