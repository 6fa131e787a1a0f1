/** An answer that takes longer never comes. */
const ANSWER_MS = 30_000;

/** Chrome's DevTools protocol over two pipes: JSON, each message ended by a zero byte. */
export class Wire {
  #out;
  #next = 1;
  #asked = new Map();
  #listeners = new Map();
  #over;

  constructor(out, input) {
    this.#out = out;
    let rest = Buffer.alloc(0);
    input.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        this.#take(JSON.parse(rest.subarray(0, end).toString('utf8')));
        rest = rest.subarray(end + 1);
      }
    });
    for (const stream of [out, input]) stream.on('error', () => {});
  }

  send(method, params = {}, sessionId = undefined) {
    if (this.#over !== undefined) return Promise.reject(new Error(this.#over));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const late = () =>
        this.#take({
          id,
          error: { message: `no answer within ${ANSWER_MS} ms to ${JSON.stringify(params)}` },
        });
      this.#asked.set(id, { resolve, reject, method, timer: setTimeout(late, ANSWER_MS) });
      this.#out.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
    });
  }

  listen(sessionId, listener) {
    this.#listeners.set(sessionId, listener);
  }

  end(reason) {
    this.#over = reason;
    for (const { reject, timer } of this.#asked.values()) {
      clearTimeout(timer);
      reject(new Error(reason));
    }
    this.#asked.clear();
  }

  #take({ id, result, error, method, params, sessionId }) {
    if (id === undefined) {
      this.#listeners.get(sessionId)?.(method, params);
      return;
    }
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    clearTimeout(asked?.timer);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(`${asked.method}: ${error.message}`));
  }
}
