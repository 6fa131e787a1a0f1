import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvents, type EventSchemas } from '../define-events.js';
import { topic } from '../typed-topic.js';
import { asyncApi, compareAsyncApi } from './index.js';

const require = createRequire(import.meta.url);
const info = { title: 'Orders', version: '1.0.0' };

interface Category {
  name: string;
  children: Category[];
}
const category: z.ZodType<Category, Category> = z.lazy(() =>
  z.object({ name: z.string(), children: z.array(category) }),
);

const orders = topic(
  'shop.orders',
  defineEvents({
    OrderPlaced: z.object({ total: z.number().positive(), placedAt: z.iso.datetime().optional() }),
    'order/paid': z.object({ method: z.enum(['card', 'cash']) }),
  }),
);
const catalogue = topic('shop:catalogue', defineEvents({ CategoryAdded: category }));

describe('asyncApi', () => {
  const document = asyncApi({ info, publishes: [orders], handles: [catalogue] });

  it('makes a document that the official schema accepts', () => {
    const file = require.resolve('@asyncapi/specs/schemas/3.0.0.json');
    const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false });
    const validate = ajv.compile(JSON.parse(readFileSync(file, 'utf8')));
    expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
    expect(validate({ ...document, channels: { a: { adress: 'x' } } })).toBe(false);
  });

  it('has a channel a topic, a message an event, and both directions', () => {
    expect(document.channels).toEqual({
      'shop.orders': {
        address: 'shop.orders',
        messages: {
          OrderPlaced: { $ref: '#/components/messages/shop.orders.OrderPlaced' },
          'order-paid': { $ref: '#/components/messages/shop.orders.order-paid' },
        },
      },
      'shop-catalogue': {
        address: 'shop:catalogue',
        messages: { CategoryAdded: { $ref: '#/components/messages/shop-catalogue.CategoryAdded' } },
      },
    });
    expect(Object.values(document.operations).map(({ action }) => action)).toEqual(['send', 'receive']);
    expect(document.components.messages['shop.orders.order-paid']).toMatchObject({
      name: 'order/paid',
      payload: { properties: { event_type: { const: 'order/paid' }, event_version: { type: 'integer' } } },
    });
  });

  it('has references that lead somewhere', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
      ([, path]) => path ?? '',
    );
    const at = (path: string) =>
      path.split('/').reduce<unknown>((inner, key) => (inner as never)?.[key], document);
    expect(refs.filter((path) => at(path) === undefined)).toEqual([]);
    expect(refs.length).toBeGreaterThan(5);
  });

  it('says which schema has no JSON Schema, and takes one', () => {
    const plain = {
      '~standard': { version: 1, vendor: 'mine', validate: (value: unknown) => ({ value }) },
    } as const;
    const raw = topic('raw', defineEvents({ A: plain }));
    expect(() => asyncApi({ info, publishes: [raw] })).toThrow(
      "asyncApi: no JSON Schema for event 'A' of topic 'raw': schemas of mine here do not make one by themselves",
    );
    const made = asyncApi({ info, publishes: [raw], jsonSchema: () => ({ type: 'string' }) });
    expect(made.components.schemas).toEqual({ 'raw.A': { type: 'string' } });
  });

  it('refuses two topics whose ids would be the same, and unknown options', () => {
    const one = topic('a/b', orders.events);
    const other = topic('a:b', orders.events);
    expect(() => asyncApi({ info, publishes: [one, other] })).toThrow("the same channel id 'a-b'");
    expect(() => asyncApi({ info, publish: [one] } as never)).toThrow("did you mean 'publishes'?");
  });
});

describe('compareAsyncApi', () => {
  const documentOf = (schemas: EventSchemas, name = 'shop.orders') =>
    asyncApi({ info, publishes: [topic(name, defineEvents(schemas))] });
  /** The change of a payload, as `breaks: path message`. */
  const changes = (before: z.ZodType, after: z.ZodType) =>
    compareAsyncApi(documentOf({ A: before }), documentOf({ A: after })).map(
      ({ breaks, path, message }) => `${breaks ?? 'nobody'}: ${path} ${message}`,
    );
  const { object, string, number, int, optional, array, enum: oneOf, union, boolean, record } = z;

  it('finds nothing between equals', () => {
    const document = asyncApi({ info, publishes: [orders], handles: [catalogue] });
    expect(compareAsyncApi(document, structuredClone(document))).toEqual([]);
  });

  it('finds topics and events that come and go', () => {
    const [A, B] = [string(), string()];
    expect(compareAsyncApi(documentOf({ A }), documentOf({ B }))).toEqual([
      { breaks: 'both', topic: 'shop.orders', eventType: 'A', message: 'the event is gone' },
      { breaks: undefined, topic: 'shop.orders', eventType: 'B', message: 'the event is new' },
    ]);
    expect(compareAsyncApi(documentOf({ A }, 'x'), documentOf({ A }, 'y'))).toEqual([
      { breaks: 'both', topic: 'x', message: 'the topic is gone' },
      { breaks: undefined, topic: 'y', message: 'the topic is new' },
    ]);
  });

  it.each<[string, z.ZodType, z.ZodType, string[]]>([
    [
      'a new optional property',
      object({}),
      object({ a: optional(string()) }),
      ['nobody: a is new and optional'],
    ],
    [
      'a new required property',
      object({}),
      object({ a: string() }),
      ['new consumers: a is new and required'],
    ],
    ['a required property that goes', object({ a: string() }), object({}), ['old consumers: a is gone']],
    ['an optional property that goes', object({ a: optional(string()) }), object({}), ['nobody: a is gone']],
    [
      'a property that becomes optional',
      object({ a: string() }),
      object({ a: optional(string()) }),
      ['old consumers: a is optional now'],
    ],
    [
      'a property that becomes required',
      object({ a: optional(string()) }),
      object({ a: string() }),
      ['new consumers: a is required now'],
    ],
    [
      'another type',
      object({ a: string() }),
      object({ a: boolean() }),
      ['old consumers: a may be boolean now', 'new consumers: a may not be string any more'],
    ],
    [
      'a wider number',
      object({ a: int().min(0).max(9) }),
      object({ a: number().min(0).max(9) }),
      ['old consumers: a may be number now'],
    ],
    [
      'a narrower number',
      object({ a: number().min(0).max(9) }),
      object({ a: int().min(0).max(9) }),
      ['new consumers: a may not be number any more'],
    ],
    ['a new choice', oneOf(['a']), oneOf(['a', 'b']), ['old consumers:  may be "b" now']],
    ['a choice that goes', oneOf(['a', 'b']), oneOf(['a']), ['new consumers:  may not be "b" any more']],
    [
      'a tighter limit, inside a list',
      object({ a: array(string().max(9)) }),
      object({ a: array(string().max(5)) }),
      ['new consumers: a[] maxLength changed from 9 to 5'],
    ],
    ['a looser limit', number().min(5), number().min(1), ['old consumers:  minimum changed from 5 to 1']],
    [
      'a pattern, where there was none',
      string(),
      string().regex(/^a/),
      ['new consumers:  pattern changed from none to "^a"'],
    ],
    [
      'values of a record',
      record(string(), number().min(0)),
      record(string(), number().min(1)),
      ['new consumers: {} minimum changed from 0 to 1'],
    ],
    [
      'other alternatives',
      union([string(), object({})]),
      union([string(), object({}), boolean()]),
      [expect.stringMatching(/^both: {2}the alternatives \(anyOf\) changed/) as unknown as string],
    ],
    ['a description', string(), string().describe('words'), []],
  ])('judges %s', (_title, before, after, expected) => {
    expect(changes(before, after)).toEqual(expected);
  });

  it('goes into schemas that contain themselves, once', () => {
    interface Other {
      name: number;
      children: Other[];
    }
    const other: z.ZodType<Other, Other> = z.lazy(() => object({ name: int(), children: array(other) }));
    expect(changes(category, other)).toEqual([
      'old consumers: name may be integer now',
      'new consumers: name may not be string any more',
      expect.stringContaining('minimum'),
      expect.stringContaining('maximum'),
    ]);
  });

  it('refuses what is no document', () => {
    expect(() => compareAsyncApi({} as never, documentOf({ A: string() }))).toThrow(
      'before must be a document',
    );
  });
});
