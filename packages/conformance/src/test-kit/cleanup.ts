/** Ends what a test began, last one first. */
export class Cleanup {
  readonly #ends: (() => unknown)[] = [];

  add<T>(resource: T, end: (resource: T) => unknown): T {
    this.#ends.push(() => end(resource));
    return resource;
  }

  async run(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}
