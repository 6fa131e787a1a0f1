/** All judgements of the doctor. Pure. */
import { CHECKS } from './checks/index.js';
import { type Finding, sorted } from './finding.js';
import type { Seen } from './seen.js';

/** The worst first; nothing for a sound bus. */
export function judge(seen: Seen): Finding[] {
  return sorted(CHECKS.flatMap((check) => check.judge(seen)));
}

/** What is told where the broker could not be connected to: nothing else is seen then. */
export const CONNECTION_CHECKS = [
  { severity: 'error', code: 'no-connection', means: 'the broker does not answer' },
  { severity: 'error', code: 'login-refused', means: 'the broker refuses the login' },
] as const;

/** The broker could not be connected to. */
export function noConnection(code: string, text: string): Finding {
  // Names of hosts say nothing about logins.
  const said = text.replace(/\S+:\/\/\S+|\S+:\d+/g, '');
  const isLogin = code === 'UNAUTHORIZED' || /auth|permission|credential|login|sasl/i.test(said);
  return {
    severity: 'error',
    code: isLogin ? 'login-refused' : 'no-connection',
    about: 'connection',
    evidence: `${text} (${code})`,
    remedy: isLogin
      ? 'check user, password, token or certificate in the security section'
      : 'check the addresses, the network, TLS on both sides, and whether the brokers run',
  };
}
