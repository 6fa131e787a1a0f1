/** The middleware of a bus, in the order of registration. */
import { ConfigError } from '../errors.js';
import { func } from '../util/option-kinds.js';
import { checkOptions, optionTable } from '../util/options.js';
import type { ConsumeMiddleware, Middleware, PublishMiddleware } from './context.js';

const MIDDLEWARE = optionTable<Middleware>({ publish: func, consume: func }, {}, { others: 'instances' });

/** The registered middleware. Who composes it is told of additions. */
export class MiddlewareList {
  publish: readonly PublishMiddleware[] = [];
  consume: readonly ConsumeMiddleware[] = [];
  #onPublish: (all: readonly PublishMiddleware[]) => void = () => {};
  #onConsume: () => void = () => {};

  /** @throws ConfigError */
  add(middleware: Middleware): void {
    if (typeof middleware === 'function') {
      throw new ConfigError(
        'use: give a middleware as use({ publish: fn }) or use({ consume: fn }), got a function',
      );
    }
    checkOptions('use', middleware ?? null, MIDDLEWARE);
    const { publish, consume } = middleware;
    if (!('publish' in middleware) && !('consume' in middleware)) {
      throw new ConfigError('use: give a middleware as use({ publish: fn }) or use({ consume: fn })');
    }
    if (publish !== undefined) {
      this.publish = [...this.publish, publish];
      this.#onPublish(this.publish);
    }
    if (consume !== undefined) {
      this.consume = [...this.consume, consume];
      this.#onConsume();
    }
  }

  onPublishChange(listener: (all: readonly PublishMiddleware[]) => void): void {
    this.#onPublish = listener;
  }

  onConsumeChange(listener: () => void): void {
    this.#onConsume = listener;
  }
}
