/**
 * Layouts: how the records of a topic lie in the subjects of its stream. A change of the number of partitions is one update of the
 * stream, which the server applies at once: from then on it takes no record for a subject of the former layout, so that everything
 * stored under former subjects is older than everything under new ones. Pure.
 */
import type { StreamConfig } from '@nats-io/jetstream';

/** Where a stream keeps the history of its layouts: the numbers of partitions, oldest first. */
export const LAYOUTS = 'ebus.partitions';
const RAW = 'raw';

/** One layout of a topic. The stored subjects of two layouts of a topic never meet. */
export interface Layout {
  readonly topic: string;
  readonly partitions: number;
  /** 0 for the first one of a stream. */
  readonly generation: number;
  /** The end of its subjects, apart from other layouts' with partitions; undefined without partitions: one subject, the topic's. */
  readonly space: number | undefined;
}

type LaidOut = Pick<StreamConfig, 'subjects' | 'metadata' | 'subject_transform'>;

/** The layout of a topic that was never partitioned. */
export function plainLayout(topic: string): Layout {
  return { topic, partitions: 1, generation: 0, space: undefined };
}

/** The layouts of a topic, oldest first; the last is the one that is published to. */
export function layoutsOf(topic: string, config: LaidOut): readonly [...Layout[], Layout] {
  // Metadata that the subjects do not bear out is not ours, or of a topic that shares the stream, or was changed by others.
  for (const counts of [countsIn(config.metadata?.[LAYOUTS]), countsBySubjects(topic, config)]) {
    if (counts === undefined) continue;
    const layouts = layoutsFor(topic, counts);
    if (isSameSet(config.subjects, subjectsOf(layouts.at(-1) as Layout))) return layouts;
  }
  return [plainLayout(topic)];
}

/**
 * Where tools of operators have written the stream without its history: the present layout by its subjects, and former ones with as
 * many partitions.
 */
function countsBySubjects(topic: string, { subjects, subject_transform: transform }: LaidOut) {
  if (transform?.src !== topic || !transform.dest.startsWith(`${topic}.`)) return undefined;
  const [raw, space = '0', ...more] = transform.dest.slice(topic.length + 1).split('.');
  if ((raw !== RAW && raw !== '0') || !/^\d+$/.test(space) || more.length > 0 || subjects.length < 2)
    return undefined;
  return [1, ...new Array<number>(Number(space) + 1).fill(subjects.length - 1)];
}

/** The layout that is published to. */
export function presentLayout(topic: string, config: LaidOut): Layout {
  return layoutsOf(topic, config).at(-1) as Layout;
}

/** The settings of a new stream with partitions. */
export function partitionedStream(topic: string, partitions: number): LaidOut {
  return settingsOf(layoutsFor(topic, [partitions]));
}

/** The settings with which a stream goes on with another number of partitions. */
export function repartitioned(topic: string, config: LaidOut, partitions: number): LaidOut {
  const before = layoutsOf(topic, config).map((layout) => layout.partitions);
  const changes = settingsOf(layoutsFor(topic, [...before, partitions]));
  return { ...changes, metadata: { ...config.metadata, ...changes.metadata } };
}

/** The subject that a record goes to. */
export function subjectOf({ topic, space }: Layout, partition: number): string {
  return space === undefined ? topic : inSpace(topic, String(partition), space);
}

/** The subject under which the server stores records that were published to the topic's own name. */
export function rawSubject({ topic, space, partitions }: Layout): string {
  if (space === undefined) return topic;
  return inSpace(topic, partitions === 1 ? '0' : RAW, space);
}

/** All stored records of a layout, as a filter. */
export function everySubject({ topic, space }: Layout): string {
  return space === undefined ? topic : inSpace(topic, '*', space);
}

/** The records of one partition: those that were published to it, and those that were published to the topic's own name. */
export function partitionSubjects(layout: Layout, partition: number): string[] {
  return [...new Set([subjectOf(layout, partition), rawSubject(layout)])];
}

/** Whether that is the name of a stream's setting for a layout of the topic, and so no transform of others. */
export function isLayoutTransform(topic: string, config: LaidOut): boolean {
  const layout = presentLayout(topic, config);
  const { src, dest } = config.subject_transform ?? {};
  return layout.space !== undefined && src === topic && dest === rawSubject(layout);
}

/** Whether a stream has the subjects of one topic and no others. */
export function holdsOnly(topic: string, config: LaidOut): boolean {
  return isSameSet(config.subjects, subjectsOf(presentLayout(topic, config)));
}

function layoutsFor(topic: string, counts: readonly number[]): [...Layout[], Layout] {
  const isFirstPlain = counts[0] === 1;
  return counts.map((partitions, generation) => ({
    topic,
    partitions,
    generation,
    space: isFirstPlain ? (generation === 0 ? undefined : generation - 1) : generation,
  })) as [...Layout[], Layout];
}

function settingsOf(layouts: readonly [...Layout[], Layout]): LaidOut {
  const last = layouts.at(-1) as Layout;
  return {
    subjects: subjectsOf(last),
    subject_transform: { src: last.topic, dest: rawSubject(last) },
    metadata: { [LAYOUTS]: layouts.map(({ partitions }) => partitions).join(',') },
  };
}

/** One by one: `<topic>.*` would take records of `<topic>.dlq`, and of other topics with such names. */
function subjectsOf(layout: Layout): string[] {
  const { topic, partitions, space } = layout;
  if (space === undefined) return [topic];
  return [topic, ...Array.from({ length: partitions }, (_, partition) => subjectOf(layout, partition))];
}

/** The first layout with partitions has the short names. */
function inSpace(topic: string, partition: string, space: number): string {
  return space === 0 ? `${topic}.${partition}` : `${topic}.${partition}.${space}`;
}

function countsIn(text: string | undefined): number[] | undefined {
  const counts = text?.split(',').map(Number);
  return counts?.every((count) => Number.isInteger(count) && count > 0) === true ? counts : undefined;
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  const known = new Set(others);
  return some.length === known.size && some.every((one) => known.has(one));
}
