/** Checks of groups: who is behind, and who misses events. Pure. */
import { formatLimit } from '../../io/format.js';
import { type Check, ofAll, ofGroups, ofTopics, type TopicGroup } from '../check.js';

/** A group further behind is told. */
export const MOST_LAG = 10_000;
/** A group that used so much of what is kept is about to miss events. */
const NEARLY = 0.8;

/** Groups that nobody reads for, that are far behind, or that a retention overtakes. */
export const groupChecks: readonly Check[] = [
  ofGroups(
    'error',
    'group-without-members',
    'messages wait, and no service reads them',
    ({ lag, members }) =>
      lag > 0 && members === 0
        ? [
            `${lag} messages wait, and no member of the group is there`,
            'start its service; remove the group where the service is gone for good',
          ]
        : undefined,
  ),
  ofGroups(
    'error',
    'foreign-members',
    "Kafka: the service's group has members of another kind; those of ebus are refused",
    ({ group, foreignProtocol }, { config }) =>
      foreignProtocol !== undefined && group === config.serviceName
        ? [
            `its members share partitions by '${foreignProtocol}', those of ebus by 'cooperative-sticky'`,
            'stop them first, or give the service a name of its own',
          ]
        : undefined,
  ),
  ofGroups(
    'warning',
    'group-full',
    'Kafka: a group takes no more members',
    ({ group, members = 0 }, { broker, config }) => {
      const most = 'value' in broker ? broker.value.mostMembers : undefined;
      return most !== undefined && members >= most && group === config.serviceName
        ? [`it has ${members} members, and group.max.size is ${most}`, 'raise group.max.size on the brokers']
        : undefined;
    },
  ),
  ofAll('groups')(
    'error',
    'session-refused',
    'Kafka: the brokers refuse the session timeout of the configuration, and so every subscription',
    ({ broker, config: { sessionMs: ours } }) => {
      const bounds = 'value' in broker ? broker.value.sessionMs : undefined;
      if (bounds === undefined || ours === undefined) return undefined;
      if (ours >= bounds.least && ours <= bounds.most) return undefined;
      return [
        `kafka.consumer.sessionTimeout is ${formatLimit(ours)}; the brokers take ${formatLimit(bounds.least)} to ${formatLimit(bounds.most)}`,
        'configure it within them, or set group.min.session.timeout.ms or group.max.session.timeout.ms on the brokers',
      ];
    },
  ),
  ofGroups(
    'warning',
    'lag',
    `a group is more than ${MOST_LAG.toLocaleString('en')} messages behind`,
    ({ group, lag, members, unsettled = 0 }) =>
      lag > MOST_LAG && members !== 0
        ? [
            `${lag} messages behind, ${unsettled} of them handed out`,
            `ebus lag --watch --group ${group} shows whether it catches up; add members or concurrency, or mend a slow handler`,
          ]
        : undefined,
  ),
  ofGroups('error', 'missed', 'messages went before a group had read them', (group) => {
    const missed = missedBy(group);
    return missed === 0
      ? undefined
      : [
          `${missed} messages after its position are not kept any more`,
          `raise the retention of '${group.of.name}'; restore the events from their source`,
        ];
  }),
  ofGroups(
    'warning',
    'retention-overtakes',
    'the retention is about to remove messages that a group has not read',
    ({ group, of, lag }, { now }) => {
      const figures = 'value' in of.figures ? of.figures.value : undefined;
      const oldest = of.oldestUnread.get(group);
      const { retentionMs = 0, maxMessages = 0 } = figures ?? {};
      const remedy = `raise the retention of '${of.name}' first; then see ebus lag --group ${group}`;
      if (retentionMs > 0 && oldest !== undefined && now - oldest.getTime() > retentionMs * NEARLY) {
        const age = formatLimit(now - oldest.getTime());
        return [
          `its oldest unread message is ${age} old, and messages are kept for ${formatLimit(retentionMs)}`,
          remedy,
        ];
      }
      if (maxMessages > 0 && lag >= maxMessages * NEARLY) {
        return [`${lag} messages wait, and ${maxMessages} are kept`, remedy];
      }
      return undefined;
    },
  ),
  ofGroups(
    'info',
    'standby-members',
    'Kafka: more members than partitions; the others wait',
    ({ members, of }, { capabilities }) => {
      const partitions = 'value' in of.figures ? of.figures.value?.partitions : undefined;
      return capabilities.settle === 'prefix' &&
        members !== undefined &&
        partitions !== undefined &&
        members > partitions
        ? [
            `${members} members, and ${partitions} partitions: ${members - partitions} members do nothing`,
            'add partitions, or run fewer members',
          ]
        : undefined;
    },
  ),
  ofTopics('info', 'no-group', 'no group reads the topic', ({ name, groups, figures }) =>
    !name.endsWith('.dlq') &&
    'value' in groups &&
    groups.value.length === 0 &&
    'value' in figures &&
    figures.value !== undefined
      ? ['no group has a position in it', 'start the service that reads it']
      : undefined,
  ),
];

/** Only where a group reads the whole log: a gap in others may be of messages that it does not read. */
function missedBy({ of, partitions, lag }: TopicGroup): number {
  const figures = 'value' in of.figures ? of.figures.value : undefined;
  if (lag === 0 || figures === undefined || figures.alterable === false) return 0;
  const { logs } = figures;
  if (logs.length < partitions.length) return 0;
  const first = new Map(logs.map((log) => [log.partition, Number(log.first)]));
  return partitions.reduce((sum, { partition, position }) => {
    const gap = (first.get(partition) ?? 0) - Number(position ?? Number.POSITIVE_INFINITY);
    return sum + Math.max(0, gap);
  }, 0);
}
