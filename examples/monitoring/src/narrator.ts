/** Says what happens: every change of health with its reasons, and the events that lead to it. */
import type { EventBus, HealthReport, Logger } from '@ebus/core';

const LOOK_MS = 500;

/** Some orders fail on purpose: they have an event type, and the console is kept for other lines. */
const isOrder = (fields: unknown) =>
  (fields as { eventType?: unknown } | undefined)?.eventType === 'OrderPlaced';

export const logger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (fields, ...rest) => isOrder(fields) || console.warn(fields, ...rest),
  error: (fields, ...rest) => isOrder(fields) || console.error(fields, ...rest),
};

export function report(bus: EventBus): { stop(): void } {
  const say = (text: string) => console.log(`${new Date().toISOString().slice(11, 19)}  ${text}`);
  let last = '';
  const look = async () => {
    const now = wording(await bus.health.report());
    if (steady(now) !== steady(last)) say(now);
    last = now;
  };
  const timer = setInterval(() => void look(), LOOK_MS);

  bus.on('reconnecting', () => say('the connection is lost; the client tries to get it back'));
  bus.on('reconnected', () => say('the connection is back, and every subscription with it'));
  bus.on('healthAlert', ({ severity, alertType, consecutiveMisses }) =>
    say(`health probes: ${severity} (${alertType}, ${consecutiveMisses} missed)`),
  );
  bus.on('deadLettered', ({ deadLetterTopic, error }) =>
    say(`dead letter to ${deadLetterTopic}: ${messageOf(error)}`),
  );
  bus.on('overrunning', ({ topic }) => say(`a handler of ${topic} ignores that its time is up`));
  return { stop: () => clearInterval(timer) };
}

function wording({ status, ready, checks, business }: HealthReport): string {
  const reasons = [...checks, ...business].flatMap(({ name, reason }) =>
    reason === undefined ? [] : [`${name}: ${reason}`],
  );
  return [`${status}${ready ? '' : ', not ready'}`, ...reasons].join('\n          ');
}

/** Figures change all the time; that alone is nothing new. */
const steady = (reason: string) => reason.replaceAll(/\d[\d.]*(ms|s|m|h)?/g, '…');

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
