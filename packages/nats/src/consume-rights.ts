/** What a login needs to consume a topic over JetStream, beside finding its stream. Pure. */
import { allows, type LoginInfo } from './publish-rights.js';

/** A consumer, and how this client reaches it. */
export interface Reached {
  readonly stream: string;
  readonly consumer: string;
  /** Requests that make it end with that. */
  readonly madeBy: string;
  /** `$JS.API`, or that of a domain. */
  readonly apiPrefix: string;
  readonly inboxPrefix: string;
}

/** Acknowledgements end with numbers of the message. */
const NUMBERS = '.1.1.1.1.1';

/** What the login may not publish or subscribe to. */
export function missingRights(login: LoginInfo, reached: Reached): string[] {
  const { stream, consumer, madeBy, apiPrefix, inboxPrefix } = reached;
  const place = `${stream}.${consumer}`;
  const requests = [
    `${apiPrefix}.CONSUMER.INFO.${place}`,
    `${apiPrefix}.CONSUMER.${madeBy}`,
    `${apiPrefix}.CONSUMER.MSG.NEXT.${place}`,
  ];
  const missing = requests.filter((subject) => !allows(login, subject));
  const acks = `$JS.ACK.${place}`;
  if (!allows(login, `${acks}${NUMBERS}`)) missing.push(`${acks}.>`);
  const inbox = `${inboxPrefix}.>`;
  return [
    ...missing.map((subject) => `publish to ${subject}`),
    ...(allows(login, inbox, 'subscribe') ? [] : [`subscribe to ${inbox}`]),
  ];
}
