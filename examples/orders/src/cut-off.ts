/** An object whose methods answer no more once a signal is aborted: a crash, as the rest of the process sees it. */

/** A stand-in for `target`. After the abort nothing that is called has an effect, and nothing that was called resolves. */
export function cutOff<T extends object>(target: T, signal: AbortSignal): T {
  return new Proxy(target, {
    get: (object, name) => {
      const member: unknown = Reflect.get(object, name, object);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        if (signal.aborted) return NEVER;
        const result: unknown = Reflect.apply(member, object, args);
        return result instanceof Promise ? unlessAborted(result, signal) : result;
      };
    },
  });
}

const NEVER = new Promise<never>(() => {});

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    promise.then(
      (value) => signal.aborted || resolve(value),
      (error) => signal.aborted || reject(error),
    );
  });
}
