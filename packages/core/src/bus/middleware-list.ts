/** The middleware of a bus, in the order of registration. */
import { EbusError } from '../errors.js';
import type { ConsumeMiddleware, Middleware, PublishMiddleware } from '../pipeline/context.js';

export class MiddlewareList {
  publish: readonly PublishMiddleware[] = [];
  consume: readonly ConsumeMiddleware[] = [];
  #onPublish: (all: readonly PublishMiddleware[]) => void = () => {};
  #onConsume: () => void = () => {};

  add({ publish, consume }: Middleware): void {
    for (const one of [publish, consume]) {
      if (one !== undefined && typeof one !== 'function')
        throw new EbusError('middleware must be a function', { code: 'INVALID_ARGUMENT' });
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
