/**
 * Seeds that have broken a promise of core, or do where a deliberate fault is put in. Plans change with the generator: so are these
 * kept with it.
 */
import type { Cut } from './plan/cut.js';
import type { BrokerKind } from './plan/plan.js';

interface KeptSeed {
  readonly seed: number;
  readonly broker: BrokerKind;
  readonly cut: Cut;
  readonly about: string;
}

/** Seeds that broke a promise, with the fault behind it. The tests replay all of them. */
export const KEPT_SEEDS: readonly KeptSeed[] = [
  {
    ...{ seed: 923, broker: 'log', cut: { plain: true } },
    about:
      'a handler whose overlap is permitted ran on after its partition was lost: its key stood still for ever',
  },
  {
    ...{ seed: 135, broker: 'lease', cut: { plain: true } },
    about: 'two members held messages of one key, and waited for each other',
  },
  {
    ...{ seed: 191, broker: 'lease', cut: { plain: true } },
    about:
      'messages handed back one by one, with a newer one between, were begun in the order of their coming',
  },
  {
    ...{ seed: 200, broker: 'log', cut: { plain: true } },
    about: 'a revocation that was under way when the bus closed went on waiting',
  },
  {
    ...{ seed: 457, broker: 'log', cut: { plain: true } },
    about: 'the letter of a lost message was tried again after the bus had closed',
  },
  {
    ...{ seed: 235, broker: 'log', cut: { plain: true } },
    about: 'a redrive that had waited for its turn subscribed after the bus had closed',
  },
  {
    ...{ seed: 21, broker: 'lease', cut: { plain: true } },
    about: 'a redrive was still leaving the broker when the bus had closed',
  },
  {
    ...{ seed: 193, broker: 'lease', cut: { plain: true } },
    about: 'a message came again while it was here, and was handled twice',
  },
  {
    ...{ seed: 50929, broker: 'lease', cut: { plain: true } },
    about: 'the simulated network rounded times, and one message overtook others',
  },
  {
    ...{ seed: 270, broker: 'lease', cut: { plain: true } },
    about: 'what stood back while its machine slept was lost, and still counted as if it had come',
  },
  {
    ...{ seed: 14548, broker: 'lease', cut: { plain: true } },
    about: 'what had halted was tried again after its machine had slept',
  },
  {
    ...{ seed: 10910, broker: 'log', cut: { plain: true } },
    about: 'a partition was lost while it was being revoked, and its message was settled all the same',
  },
  {
    ...{ seed: 50797, broker: 'lease', cut: { plain: true } },
    about: 'a process that had slept settled late, and what it held besides was taken for settled',
  },
  {
    ...{ seed: 72, broker: 'log', cut: {} },
    about: 'messages that were read ahead were begun although their partition had been taken away',
  },
  {
    ...{ seed: 26, broker: 'lease', cut: {} },
    about: 'newer messages went past the bounds of the window while older ones were waited for',
  },
  {
    ...{ seed: 2425, broker: 'lease', cut: {} },
    about: 'a topic was moved twice, and the third way began before the first had ended',
  },
  {
    ...{ seed: 115, broker: 'lease', cut: {} },
    about: 'the new way of a topic was begun while the old one held something',
  },
  {
    ...{ seed: 419, broker: 'lease', cut: {} },
    about: 'a batch was sent although the connection had broken within its turn',
  },
  {
    ...{ seed: 141, broker: 'log', cut: {} },
    about: 'letters could not go back while a redrive was under way: they stay',
  },
  {
    ...{ seed: 5599, broker: 'lease', cut: {} },
    about: 'a move that was under way when the bus closed was still leaving the broker afterwards',
  },
  {
    ...{ seed: 6552, broker: 'log', cut: {} },
    about: 'a topic that had gone was taken for there by each new subscription to it',
  },
  {
    ...{ seed: 17149, broker: 'lease', cut: {} },
    about: 'a message that was pushed before the driver had resumed was begun before an older one',
  },
  {
    ...{ seed: 45453, broker: 'lease', cut: {} },
    about: 'messages came over a new client whose connecting had not succeeded, and passed lost ones',
  },
  {
    ...{ seed: 41129, broker: 'lease', cut: {} },
    about:
      'letters that a redrive had not come to yet were not leased anew, and went to another redrive as well',
  },
  {
    ...{ seed: 6779, broker: 'lease', cut: {} },
    about: 'more messages of a key were missing than the window holds, and never came all at once',
  },
  {
    ...{ seed: 17843, broker: 'lease', cut: {} },
    about: 'what was unsettled was asked between two attempts to reconnect, the second of which lost more',
  },
  {
    ...{ seed: 45556, broker: 'lease', cut: {} },
    about:
      'the simulation took it for a fault that a process that sleeps writes a letter whose lease has run out',
  },
  {
    ...{ seed: 42725, broker: 'lease', cut: {} },
    about: 'missing messages filled the window by their bytes, and the last of them never came in time',
  },
  {
    ...{ seed: 19346, broker: 'parted', cut: {} },
    about:
      'the simulation took it for a fault that core does not trust the lease of what came while it was frozen',
  },
  {
    ...{ seed: 24146, broker: 'parted', cut: {} },
    about: 'the same where the event loop had been busy before that',
  },
  {
    ...{ seed: 132179, broker: 'parted', cut: {} },
    about:
      'the simulation handed messages over in another order where a process woke while another one computed',
  },
  {
    ...{ seed: 1083905, broker: 'parted', cut: {} },
    about:
      'newer messages had taken the room of a missing one, which was then taken for settled as it did not come',
  },
  {
    ...{ seed: 1082402, broker: 'parted', cut: {} },
    about:
      'a letter was being written while its partition was revoked and its consumer deleted: lost messages were given back',
  },
  {
    ...{ seed: 1118435, broker: 'parted', cut: {} },
    about: 'the same where a handler ran, and messages of its key waited',
  },
  {
    ...{ seed: 1150211, broker: 'parted', cut: {} },
    about: 'the same where only a handler ran',
  },
  {
    ...{ seed: 1019887, broker: 'lease', cut: {} },
    about:
      'a redrive granted bytes as if a letter that had come already, larger than the limit, took no room',
  },
  {
    ...{ seed: 1140307, broker: 'lease', cut: {} },
    about: 'the same where the letter and the grant were larger than the limit only together',
  },
  {
    ...{ seed: 1153987, broker: 'lease', cut: {} },
    about: 'the same with the first letters of a redrive, in one process',
  },
  {
    ...{ seed: 2001704, broker: 'parted', cut: {} },
    about:
      'a newer message came in while what waits was handed back, took the room of a missing one, and so for ever',
  },
  {
    ...{ seed: 2031769, broker: 'lease', cut: {} },
    about:
      'a halted message was dropped, the one that started in its place found that leases had run out and dropped it again: its place was given twice',
  },
  {
    ...{ seed: 3000617, broker: 'parted', cut: {} },
    about:
      'a message failed after a sleep, the one that started in its place dropped it with others, and its backoff was set all the same',
  },
  {
    ...{ seed: 3367531, broker: 'lease', cut: {} },
    about:
      'others settled late what had come again here, and one of them held older messages and waited for these: they were taken for settled',
  },
  {
    ...{ seed: 3316189, broker: 'lease', cut: {} },
    about: 'the same in another plan',
  },
  {
    ...{ seed: 5141207, broker: 'parted', cut: {} },
    about: 'after a sleep, timeouts came before answers that had arrived in time: a letter was written twice',
  },
  {
    ...{ seed: 6027441, broker: 'log', cut: {} },
    about:
      'the simulated group kept a member for ever that was closed while its heartbeat was on the way, and whose leaving was lost',
  },
];
