/** The actions of operators, from a request's body to work. */
import type { DeadLetter, RedriveProgress } from '@ebus/core';
import { EbusError } from '@ebus/core';
import { formatPosition } from '@ebus/core/driver';
import type { Work } from './jobs.js';
import { letterAt } from './letters.js';
import type { ConsoleSource } from './snapshot.js';
import type { ActionName } from './types.js';
import { placeOf } from './views.js';

const ACTIONS: readonly ActionName[] = ['redrive', 'delete', 'retry', 'skip'];
const MOST_POSITIONS = 1_000;
const MOST_CHARACTERS = 1_024;
/** A parked key waits for a member of its group, which may not be there. */
const KEY_MS = 120_000;
const REDRIVE_MS = 3_600_000;
const OTHERS_MS = 120_000;

/** A request that is not understood. */
export class BadRequest extends Error {
  readonly status: 400 | 413;

  constructor(message: string, status: 400 | 413 = 400) {
    super(message);
    this.status = status;
  }
}

interface Asked {
  readonly action: ActionName;
  readonly topic: string;
  readonly group?: string;
  readonly key?: string;
  readonly position?: string;
  readonly positions?: readonly string[];
  readonly all?: boolean;
}

/**
 * `{ action: 'redrive', topic, positions | key | all: true }`, `{ action: 'delete', topic, position }`,
 * `{ action: 'retry' | 'skip', topic, group, key?, position? }`; with a position, only while that message is the halted one.
 * @throws BadRequest
 */
export function workOf(bus: ConsoleSource, body: unknown): Work {
  const asked = checked(body);
  const { action, topic } = asked;
  if (action === 'redrive') return { action, topic, ...redriveOf(bus, asked) };
  if (action === 'delete') return { action, topic, ...deleteOf(bus, asked) };
  return { action, topic, ...haltedOf(bus, asked) };
}

type Doing = Pick<Work, 'about' | 'limitMs' | 'run'>;

function redriveOf(bus: ConsoleSource, { topic, key, positions = [], all = false }: Asked): Doing {
  if (positions.length === 0 && key === undefined && !all) {
    throw new BadRequest('say which letters: positions, key, or all: true');
  }
  const wanted = new Set(positions);
  const filter = ({ message: { position } }: DeadLetter) =>
    position !== undefined && wanted.has(formatPosition(position));
  const about = key !== undefined ? `key ${key}` : all ? 'all letters' : `${wanted.size} letters`;
  return {
    about,
    limitMs: key === undefined ? REDRIVE_MS : KEY_MS,
    run: async (signal, told) => {
      const done = await bus.deadLetters.redrive(topic, {
        signal,
        ...(key === undefined ? {} : { key }),
        ...(wanted.size === 0 ? {} : { filter }),
        onProgress: ({ redriven, total }) => told({ redriven, total }),
      });
      return outcomeOf(done, wanted.size);
    },
  };
}

/** @param wanted letters that were chosen one by one */
function outcomeOf({ redriven, failed }: RedriveProgress, wanted: number): string {
  const [first] = failed;
  const missing = Math.max(0, wanted - redriven - failed.length);
  return [
    `${redriven} redriven`,
    ...(first === undefined ? [] : [`${failed.length} not: ${first.reason}`]),
    ...(missing === 0 ? [] : [`${missing} not there any more: redriven, deleted or moved meanwhile`]),
  ].join(', ');
}

function deleteOf(bus: ConsoleSource, { topic, position }: Asked): Doing {
  if (position === undefined) throw new BadRequest('position is missing');
  return {
    about: position,
    limitMs: OTHERS_MS,
    run: async (signal) => {
      const letter = await letterAt(bus, topic, position, signal);
      const isDeleted = letter !== undefined && (await bus.deadLetters.delete(topic, letter, { signal }));
      return isDeleted ? 'deleted' : 'it was gone already';
    },
  };
}

function haltedOf(bus: ConsoleSource, { action, topic, group, key, position }: Asked): Doing {
  if (group === undefined) throw new BadRequest('group is missing');
  return {
    about: key === undefined ? `group ${group}` : `key ${key}`,
    limitMs: OTHERS_MS,
    run: async () => {
      const subscription = bus.inspect.subscription(topic, group);
      if (subscription === undefined) {
        throw new EbusError(`this process does not subscribe to '${topic}' as '${group}'`, {
          code: 'CONFIG_INVALID',
        });
      }
      if (position !== undefined && !isHalted(bus, { topic, group, key, position })) {
        return 'nothing was done: that message does not stand still any more';
      }
      if (action === 'retry') subscription.retryHalted(key);
      else await subscription.skipHalted(key);
      return action === 'retry' ? 'tried again' : 'dead-lettered; the key goes on';
    },
  };
}

/** Another page, or the log's reader, may have let it go on: then another message of the key may stand still. */
function isHalted(
  bus: ConsoleSource,
  {
    topic,
    group,
    key = '',
    position,
  }: { topic: string; group: string; key: string | undefined; position: string },
): boolean {
  return bus.inspect
    .subscriptions()
    .filter((one) => one.topic === topic && one.group === group)
    .some(({ halted }) => halted.some((one) => one.key === key && placeOf(one.message) === position));
}

function checked(body: unknown): Asked {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new BadRequest('the body must be an object');
  const { action, topic, group, key, position, positions, all, ...others } = body as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new BadRequest('the body has a key that is not known');
  if (!ACTIONS.includes(action as ActionName))
    throw new BadRequest(`action must be one of ${ACTIONS.join(', ')}`);
  if (all !== undefined && typeof all !== 'boolean') throw new BadRequest('all must be true or false');
  return {
    action: action as ActionName,
    topic: text('topic', topic),
    ...(group === undefined ? {} : { group: text('group', group) }),
    ...(key === undefined ? {} : { key: text('key', key) }),
    ...(position === undefined ? {} : { position: text('position', position) }),
    ...(positions === undefined ? {} : { positions: texts(positions) }),
    ...(all === undefined ? {} : { all }),
  };
}

function texts(value: unknown): string[] {
  if (!Array.isArray(value) || value.length > MOST_POSITIONS) {
    throw new BadRequest(`positions must be a list of at most ${MOST_POSITIONS}`);
  }
  return value.map((one) => text('positions', one));
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= MOST_CHARACTERS) return value;
  throw new BadRequest(`${name} must be text that is not empty, of at most ${MOST_CHARACTERS} characters`);
}
