/** All judgements of the doctor. Pure. */
import { type Finding, sorted } from './finding.js';
import type { Seen } from './seen.js';
import {
  clockFindings,
  deadLetterFindings,
  groupFindings,
  refusalFindings,
  setupFindings,
} from './state-findings.js';
import { topicFindings } from './topic-findings.js';

/** The worst first; nothing for a sound bus. */
export function judge(seen: Seen): Finding[] {
  return sorted([
    ...setupFindings(seen),
    ...refusalFindings(seen),
    ...clockFindings(seen),
    ...seen.topics.flatMap((topic) => [
      ...topicFindings(topic),
      ...groupFindings(topic),
      ...deadLetterFindings(topic),
    ]),
  ]);
}

/** The broker could not be connected to. */
export function noConnection(code: string, text: string): Finding {
  const isLogin = /auth|permission|credential|login|sasl/i.test(text);
  return {
    severity: 'error',
    code: isLogin ? 'login-refused' : 'no-connection',
    about: 'connection',
    evidence: `${text} (${code})`,
    remedy: isLogin
      ? 'check user, password, token or certificate in the security section'
      : 'check the addresses, the network and whether the brokers run',
  };
}
