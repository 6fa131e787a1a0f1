import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonRefusal, jsonText } from './json-text.js';

/** The message of the refusal, or the text where there is none. */
function outcome(value: unknown): string {
  try {
    return jsonText(value, 'payload');
  } catch (error) {
    expect(error).toBeInstanceOf(JsonRefusal);
    return (error as JsonRefusal).message;
  }
}

class Point {
  x = 1;
  readonly #hidden = 2;
  get sum(): number {
    return this.x + this.#hidden;
  }
}
class Money {
  readonly #cents = 100;
  get cents(): number {
    return this.#cents;
  }
}
class Empty {}
class Tags extends Set<string> {
  toJSON(): string[] {
    return [...this];
  }
}
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const cycle: { deep: unknown[] } = { deep: [] };
cycle.deep.push({ back: cycle });
const shared = { a: 1 };
const throwing = {
  get broken() {
    throw new Error('no');
  },
};
const nested = (levels: number) => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
};

describe('jsonText', () => {
  it.each<[string, unknown, string]>([
    ['NaN at some depth', { items: [0, 1, 2, { price: Number.NaN }] }, 'payload.items[3].price is NaN'],
    ['infinity', { n: Number.POSITIVE_INFINITY }, 'payload.n is Infinity'],
    ['negative infinity', [Number.NEGATIVE_INFINITY], 'payload[0] is -Infinity'],
    ['a boxed NaN', { n: new Number(Number.NaN) }, 'payload.n is NaN'],
    ['undefined itself', undefined, 'payload is undefined'],
    ['undefined in a list', { list: [1, undefined] }, 'payload.list[1] is undefined'],
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
    ['a hole in a list', [1, , 3], 'payload[1] is undefined'],
    ['a function', { f() {} }, 'payload.f is a function'],
    ['a symbol', { s: Symbol('x') }, 'payload.s is a symbol'],
    ['a boxed symbol', [Object(Symbol('x'))], 'payload[0] is a symbol'],
    ['a bigint', { id: 1n }, 'payload.id is a bigint; write it as text, or use the codec'],
    ['a boxed bigint', { id: Object(1n) }, 'payload.id is a bigint'],
    ['bytes', { b: new Uint8Array([1, 2]) }, 'payload.b is bytes (Uint8Array); write them as text'],
    ['a Buffer', { b: Buffer.from('hi') }, 'payload.b is bytes (Buffer)'],
    ['an ArrayBuffer', new ArrayBuffer(2), 'payload is bytes (ArrayBuffer)'],
    ['a shared ArrayBuffer', new SharedArrayBuffer(2), 'payload is bytes (SharedArrayBuffer)'],
    ['a DataView', new DataView(new ArrayBuffer(1)), 'payload is bytes (DataView)'],
    ['a typed array', { f: new Float64Array(2) }, 'payload.f is a Float64Array; write it as a list'],
    ['a Map', { m: new Map([[1, 2]]) }, 'payload.m is a Map; write it as an object'],
    ['a Map of another realm', { m: runInNewContext('new Map([[1, 2]])') }, 'payload.m is a Map'],
    ['a Set', [new Set([1])], 'payload[0] is a Set; write it as a list'],
    ['a WeakMap', new WeakMap(), 'payload is a WeakMap'],
    ['a WeakRef', { r: new WeakRef({}) }, 'payload.r is a WeakRef'],
    ['an Error', { e: new TypeError('no') }, 'payload.e is a TypeError; write its message'],
    ['an Error with keys', { e: Object.assign(new Error('no'), { code: 1 }) }, 'payload.e is an Error'],
    ['a RegExp', { r: /x/ }, 'payload.r is a RegExp'],
    ['a Promise', { p: Promise.resolve(1) }, 'payload.p is a Promise; await it first'],
    ['a Promise with keys', { p: Object.assign(Promise.resolve(), { a: 1 }) }, 'payload.p is a Promise'],
    ['a generator', { g: [1].values() }, 'payload.g is'],
    ['Headers', { h: new Headers({ a: 'b' }) }, 'payload.h is a Headers, of which JSON keeps nothing'],
    ['a Blob', { b: new Blob(['x']) }, 'payload.b is a Blob, of which JSON keeps nothing'],
    ['FormData', new FormData(), 'payload is a FormData'],
    ['URLSearchParams', { q: new URLSearchParams('a=1') }, 'payload.q is an URLSearchParams'],
    ['an object with getters only', { m: new Money() }, 'payload.m is a Money, of which JSON keeps nothing'],
    ['a proxied Map', { m: new Proxy(new Map(), {}) }, 'payload.m is a Map'],
    ['a revoked proxy', { p: revoked.proxy }, 'payload'],
    ['an invalid Date', { at: new Date(Number.NaN) }, 'payload.at is an invalid Date'],
    ['a cycle', cycle, 'payload.deep[0].back is a cycle'],
    ['a getter that throws', { a: throwing }, 'payload.a.broken cannot be read: no'],
    ['an odd key', { 'a b': { '\u202e"': Number.NaN } }, 'payload["a b"]["\\\\u202e\\""] is NaN'],
    ['too many levels', nested(1_001), 'payload[0][0]'],
    [
      'a toJSON that throws',
      { a: { toJSON: () => { throw new Error('no'); } } }, // biome-ignore format: one line
      'payload.a cannot be written as JSON: its toJSON failed: no',
    ],
    ['what a toJSON returns', { a: { toJSON: () => ({ b: Number.NaN }) } }, 'payload.a.b is NaN'],
    ['bytes from a toJSON', { a: { toJSON: () => Buffer.from('x') } }, 'payload.a is bytes'],
    ['endless toJSON', { toJSON: () => ({ again: endless() }) }, 'payload.again'],
  ])('refuses %s', (_name, value, message) => {
    expect(outcome(value)).toContain(message);
    expect(outcome(value).startsWith(message.slice(0, 7))).toBe(true);
    // Also where the rest of the value cannot be written by V8 alone.
    const second = outcome([new URL('http://x'), value]);
    expect(second).toContain(message.replace('payload', 'payload[1]'));
  });

  it.each<[string, unknown, string]>([
    ['keys that are undefined, left out', { a: undefined, b: 1 }, '{"b":1}'],
    ['the same beside a toJSON', { a: undefined, b: new URL('http://x'), c: undefined }, '{"b":"http://x/"}'],
    ['symbol keys, left out', { [Symbol('x')]: 1, b: 1 }, '{"b":1}'],
    ['a Date', { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ['a Date of another realm', { at: runInNewContext('new Date(0)') }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ['a URL', { to: new URL('http://x/') }, '{"to":"http://x/"}'],
    ['boxed values', [new Number(1), new String('x'), new Boolean(false)], '[1,"x",false]'],
    ['an object of a class', new Point(), '{"x":1}'],
    ['an object of an empty class', { e: new Empty() }, '{"e":{}}'],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ['a plain object of another realm', runInNewContext('({ a: [{}] })'), '{"a":[{}]}'],
    ['a proxy', new Proxy({ a: 1 }, {}), '{"a":1}'],
    ['a Set with a toJSON', { tags: new Tags(['a']) }, '{"tags":["a"]}'],
    ['a toJSON that returns itself', { a: { b: 1, toJSON() { return { b: this.b }; } } }, '{"a":{"b":1}}'], // biome-ignore format: one line
    ['an object that occurs twice', [shared, shared], '[{"a":1},{"a":1}]'],
    ['half a surrogate pair', ['\ud800'], '["\\ud800"]'],
    ['null inside', { a: null, l: [null] }, '{"a":null,"l":[null]}'],
    ['-0', [-0, 1e21, 1e-7], '[0,1e+21,1e-7]'],
    ['a text', 'x', '"x"'],
  ])('writes %s', (_name, value, text) => {
    expect(outcome(value)).toBe(text);
    expect(outcome(value)).toBe(JSON.stringify(value));
  });

  it('goes down a thousand levels, by either way', () => {
    expect(outcome(nested(1_000))).toBe(JSON.stringify(nested(1_000)));
    expect(outcome(nested(1_001))).toMatch(/^payload(\[0\])+.*… is nested more than 1000 levels deep$/);
    expect(outcome(nested(100_000))).toMatch(/levels deep$/);
  });

  it('writes bigints as integers where that is wanted', () => {
    expect(jsonText({ id: 2n ** 63n, list: [-1n] }, 'payload', true)).toBe(
      '{"id":9223372036854775808,"list":[-1]}',
    );
  });

  it('writes what JSON.stringify writes, by the quick way and by the slow way', () => {
    const leaf = fc.oneof(fc.string({ unit: 'binary' }), fc.double({ noNaN: true, noDefaultInfinity: true }));
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.constant(null),
        fc.boolean(),
        tie('list'),
        tie('object'),
        fc.date(),
      ),
      list: fc.array(tie('value')),
      object: fc.dictionary(fc.string({ unit: 'binary' }), fc.oneof(tie('value'), fc.constant(undefined))),
    })).value;
    fc.assert(
      fc.property(json, (value) => {
        fc.pre(!/null/.test(JSON.stringify(value)) || !hasInvalidDate(value));
        expect(outcome(value)).toBe(JSON.stringify(value));
        const slow = { value, url: new URL('http://x') };
        expect(outcome(slow)).toBe(JSON.stringify(slow));
      }),
    );
  });
});

function endless(): unknown {
  return { toJSON: () => ({ again: endless() }) };
}

function hasInvalidDate(value: unknown): boolean {
  if (value instanceof Date) return Number.isNaN(value.getTime());
  return typeof value === 'object' && value !== null && Object.values(value).some(hasInvalidDate);
}
