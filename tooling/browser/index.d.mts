/** A request that the page made. */
export interface PageRequest {
  readonly url: string;
  readonly method: string;
}

/** Size and colours of a page. */
export interface Look {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
  /** Device pixels of one pixel. Default 1. */
  readonly scale?: number;
}

/** One tab. */
export interface Page {
  /** All requests since it was opened. */
  readonly requests: readonly PageRequest[];
  /** Errors that were thrown or written to the console, violations of the policy included. */
  readonly problems: readonly string[];
  goto(url: string): Promise<void>;
  /** The value of an expression; a promise is awaited. */
  evaluate<T = unknown>(expression: string): Promise<T>;
  /** Until the expression is true; in `what`, what was waited for. Default: 40 s. */
  until(expression: string, what: string, ms?: number): Promise<void>;
  /** Presses a key: `Enter`, `Escape`, `Tab`, ` `. */
  press(key: string): Promise<void>;
  look(look: Look): Promise<void>;
  screenshot(): Promise<Buffer>;
  close(): Promise<void>;
}

export interface Browser {
  open(look?: Look): Promise<Page>;
  close(): Promise<void>;
}

/** Why there is no browser here; undefined where there is one. */
export function browserProblem(): string | undefined;

/** Starts Chromium without a window and with a profile of its own. */
export function startBrowser(): Promise<Browser>;
