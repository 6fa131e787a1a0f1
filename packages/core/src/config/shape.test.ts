import { expect, it } from 'vitest';
import { z } from 'zod';
import { refusedSetting } from '../settings.js';
import { placesOf, schemaAt, settingsOf, shapeOf } from './shape.js';

const ROOT = z.strictObject({
  kafka: z
    .strictObject({
      consumer: z.strictObject({ groupId: z.string().optional() }).prefault({}),
      acks: refusedSetting('no'),
    })
    .optional(),
  topics: z.record(z.string(), z.strictObject({ retention: z.string() })).default({}),
  name: z.string(),
});

it('finds the keys at a path, through defaults and records', () => {
  expect(Object.keys(shapeOf(ROOT) ?? {})).toEqual(['kafka', 'topics', 'name']);
  expect(Object.keys(shapeOf(schemaAt(ROOT, ['kafka', 'consumer'])) ?? {})).toEqual(['groupId']);
  expect(Object.keys(shapeOf(schemaAt(ROOT, ['topics', 'orders'])) ?? {})).toEqual(['retention']);
  expect(shapeOf(schemaAt(ROOT, ['name']))).toBeUndefined();
  expect(schemaAt(ROOT, ['kafka', 'constructor'])).toBeUndefined();
});

it('leaves out keys that are there to be refused', () => {
  expect(settingsOf(shapeOf(schemaAt(ROOT, ['kafka'])))).toEqual(['consumer']);
});

it('says where in the whole there is a key of that name', () => {
  expect(placesOf(['GROUPID'], ROOT)).toEqual(["'kafka.consumer.groupId'"]);
  expect(placesOf(['nowhere'], ROOT)).toEqual([]);
});
