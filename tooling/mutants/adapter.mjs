// Faults of adapters, put into examples/adapter-postgres. The conformance suite has to notice each of them.

const file = (name) => `examples/adapter-postgres/src/${name}.ts`;

/** The tests of groups of the suite. */
const groups = (...names) => ({
  file: file('conformance.int.test'),
  project: 'int',
  title: `topics\\) (${names.join('|')})`,
});

/** @type {readonly import('./index.mjs').Mutant[]} */
export const adapterMutants = [
  // What a stranger's adapter got wrong and nobody saw.
  {
    name: 'lets newer messages overtake after a crash',
    file: file('schema'),
    find: '      AND (key IS NULL OR key NOT IN (SELECT key FROM held))\n',
    replace: '',
    killedBy: groups('crash a process that is killed in mid-handler'),
    gate: true,
  },
  {
    name: 'acknowledges before the broker has answered',
    file: file('sender'),
    find: 'void this.#batches.add(records);',
    replace: 'for (const record of records) record.stored();\n    void this.#batches.add(records);',
    killedBy: groups('publishing the caller may reuse'),
    gate: true,
  },
  {
    name: 'does nothing when it is to reconnect',
    file: file('postgres-driver'),
    find: '    // Its requests reject, as retryable.\n',
    replace: '    if (attempt > 1) return;\n',
    killedBy: groups('reconnecting reconnect.. makes connections anew'),
    gate: true,
  },
  {
    name: 'claims order across members, and leases whatever is free',
    file: file('schema'),
    find: '    SELECT DISTINCT key FROM deliveries\n',
    replace:
      '    SELECT DISTINCT key FROM deliveries WHERE false AND key IN (SELECT key FROM deliveries)\n    UNION SELECT NULL::bytea FROM deliveries\n',
    killedBy: groups('consumer groups'),
  },
  {
    name: 'does not wait for the start position',
    file: file('postgres-driver'),
    find: 'await join(this.#connected(), spec, spec.from);',
    replace:
      'const link = this.#connected();\n    setTimeout(() => void join(link, spec, spec.from).catch(() => {}), 5_000);',
    killedBy: groups('start positions .latest. begins with'),
    gate: true,
  },
  {
    name: 'calls every error retryable',
    file: file('errors'),
    find: 'export function classify(error: unknown): ErrorClass {\n',
    replace:
      "export function classify(error: unknown): ErrorClass {\n  if (Date.now() > 0) return { code: 'PUBLISH_FAILED', retryable: true };\n",
    killedBy: groups('errors publish without the permission'),
    gate: true,
  },
  {
    name: 'calls no error retryable',
    file: file('errors'),
    find: 'export function classify(error: unknown): ErrorClass {\n',
    replace:
      "export function classify(error: unknown): ErrorClass {\n  if (Date.now() > 0) return { code: 'PUBLISH_FAILED', retryable: false };\n",
    killedBy: groups('errors', 'outages', 'reconnecting'),
  },
  {
    name: 'settles everything up to a message with it',
    file: file('subscription'),
    find: 'const SETTLE = `DELETE FROM $S.deliveries d USING ${GIVEN} WHERE ${STILL_MINE}`;',
    replace:
      "const SETTLE = `DELETE FROM $S.deliveries d USING ${GIVEN} WHERE ${STILL_MINE.replace('d.id = given.id AND d.attempts = given.attempts', 'd.id <= given.id')}`;",
    killedBy: groups('restart nor does what was handled after'),
  },
  {
    name: 'takes what is handed back as handled',
    file: file('subscription'),
    find: 'await this.#query(RELEASE, columns(released));',
    replace: 'await this.#query(SETTLE, columns(released));',
    killedBy: groups('restart unsettled events come again'),
  },
  {
    name: 'forgets to settle',
    file: file('subscription'),
    find: 'if (settled.length > 0) await this.#query(SETTLE, columns(settled));',
    replace: '',
    killedBy: groups('restart', 'lag'),
  },
  {
    name: 'loses what was on its way when it is stopped',
    file: file('subscription'),
    find: '      if (rows.length === 0) return false;\n',
    replace:
      '      if (this.#stopped) await this.#query(SETTLE, columns(rows.map(({ id, attempts = 0 }) => ({ id, attempts }))));\n      if (rows.length === 0 || this.#stopped) return false;\n',
    killedBy: groups('restart'),
  },
  {
    name: 'loses a message now and then',
    file: file('subscription'),
    find: 'this.#sink.push(batch);',
    replace:
      'this.#sink.push(batch.filter(({ value }) => value.reduce((sum, byte) => sum + byte, 0) % 20 !== 0));',
    killedBy: groups('unordered delivery', 'ordered delivery'),
  },
  {
    name: 'hands batches over backwards',
    file: file('schema'),
    find: '  ORDER BY taken.id;\n',
    replace: '  ORDER BY taken.id DESC;\n',
    killedBy: groups('ordered delivery'),
  },
  {
    name: 'pushes more messages than it has credit for',
    file: file('subscription'),
    find: 'const limits = [Math.min(messages, MAX_FETCH), ',
    replace: 'const limits = [messages + MAX_FETCH, ',
    killedBy: groups('backpressure of what waits on the broker'),
    gate: true,
  },
  {
    name: 'takes no notice of the credit in bytes',
    file: file('subscription'),
    find: 'Math.min(bytes, Number.MAX_SAFE_INTEGER)];',
    replace: 'Number.MAX_SAFE_INTEGER];',
    killedBy: groups('backpressure'),
  },
  {
    name: 'goes on fetching without credit',
    file: file('subscription'),
    find: 'if (messages > 0 && bytes > 0 && (await this.#claim(messages, bytes))) continue;',
    replace: 'if (await this.#claim(Math.max(messages, 1), Math.max(bytes, 1))) continue;',
    killedBy: groups('backpressure', 'pausing'),
  },
  {
    name: 'turns an empty body into null',
    file: file('mapping'),
    find: '    value: row.value,\n',
    replace: "    value: row.value.length === 0 ? Buffer.from('null') : row.value,\n",
    killedBy: groups('publishing', 'sizes'),
  },
  {
    name: 'drops headers',
    file: file('mapping'),
    find: 'return Buffer.from(JSON.stringify(list));',
    replace: 'return Buffer.from(JSON.stringify(list.slice(1)));',
    killedBy: groups('headers'),
  },
  {
    name: 'merges headers of one name',
    file: file('mapping'),
    find: 'return Buffer.from(JSON.stringify(list));',
    replace: 'return Buffer.from(JSON.stringify([...new Map(list as [string, unknown][])]));',
    killedBy: groups('headers'),
  },
  {
    name: 'turns header bytes into text',
    file: file('mapping'),
    find: "[name, { base64: Buffer.from(value).toString('base64') }]",
    replace: '[name, Buffer.from(value).toString()]',
    killedBy: groups('headers'),
  },
  {
    name: 'loses the key',
    file: file('sender'),
    find: '(key === undefined ? null : Buffer.from(key as string))',
    replace: '(key === undefined ? null : null)',
    killedBy: groups('publishing'),
  },
  {
    name: 'turns a key of bytes into text',
    file: file('mapping'),
    find: '    return bytes;\n',
    replace: '    return Buffer.from(bytes).toString();\n',
    killedBy: { file: file('mapping.test'), project: 'unit' },
  },
  {
    name: 'says that nothing waits',
    file: file('group'),
    find: '      lag: Number(row.unsettled) + beyond,\n',
    replace: '      lag: 0,\n',
    killedBy: groups('lag'),
  },
  {
    name: 'counts only what was not read yet',
    file: file('group'),
    find: '      lag: Number(row.unsettled) + beyond,\n',
    replace: '      lag: beyond,\n',
    killedBy: groups('lag'),
  },
  {
    name: 'says of unsettled messages that they are settled',
    file: file('group'),
    find: '      settled,\n      ...(row',
    replace: '      settled: settled + 1_000_000n,\n      ...(row',
    killedBy: groups('idle'),
  },
  {
    name: 'takes what it is to look at',
    file: file('browse'),
    find: '  let last = ',
    replace:
      "  await link().query('UPDATE $S.groups SET read_up_to = $2 WHERE topic = $1 AND $2::bigint IS NOT NULL', [topic, end]);\n  let last = ",
    killedBy: groups('browse', 'redrive', 'dead letters'),
  },
  {
    name: 'ends looking after the first page',
    file: file('browse'),
    find: 'if (final === undefined) return;',
    replace: 'if (final !== undefined || rows.length === 0) return;',
    killedBy: groups('browse'),
  },
  {
    name: 'looks from the beginning, whatever a group has settled',
    file: file('browse'),
    find: "const group = typeof from === 'object' && 'group' in from ? from.group : null;",
    replace: 'const group = null;',
    killedBy: groups('browse', 'redrive', 'dead letters'),
  },
  {
    name: 'makes a topic anew that is there',
    file: file('topic-admin'),
    find: 'VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1',
    replace:
      'VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET retention_ms = $2, description = $3 RETURNING 1',
    killedBy: groups('topic settings'),
  },
  {
    name: 'makes topics that it was not to make',
    file: file('topic-admin'),
    find: 'if (create === undefined) throw missing(topic);\n    const created = await this.create(topic, create);',
    replace: "const created = await this.create(topic, create ?? { persistence: 'persistent' });",
    killedBy: groups('unconfigured topics'),
  },
  {
    name: 'begins at the beginning, whatever was asked for',
    file: file('group'),
    find: "WHEN $4 = 'latest' THEN coalesce((SELECT max(id) FROM $S.messages WHERE topic = $1), 0)",
    replace: "WHEN $4 = 'latest' THEN 0",
    killedBy: groups('start positions'),
  },
  {
    name: 'begins at the end where a time was given',
    file: file('group'),
    find: 'ELSE coalesce((SELECT min(id) - 1 FROM $S.messages WHERE topic = $1 AND stored_at >= $5),\n                  ',
    replace: 'ELSE coalesce(CASE WHEN $5::timestamptz IS NULL THEN 0 END, ',
    killedBy: groups('start positions'),
  },
  {
    name: 'gives every member a group of its own',
    file: file('postgres-driver'),
    find: 'const { clock } = this.#host as DriverHost;',
    replace:
      'const { clock } = this.#host as DriverHost;\n    spec = { ...spec, group: `${spec.group}-${Math.random()}` };',
    killedBy: groups('consumer groups'),
  },
  {
    name: 'has one group for everybody',
    file: file('postgres-driver'),
    find: 'const { clock } = this.#host as DriverHost;',
    replace: "const { clock } = this.#host as DriverHost;\n    spec = { ...spec, group: 'all' };",
    killedBy: groups('consumer groups'),
  },
  {
    name: 'stores a message id twice',
    file: file('sender'),
    find: 'records.map(({ messageId }) => messageId ?? null),',
    replace: 'records.map(() => null),',
    killedBy: groups('publishing', 'publish outcomes'),
  },
  {
    name: 'does not count deliveries',
    file: file('mapping'),
    find: '{ deliveryCount: attempts, redelivered: attempts > 1 }',
    replace: '{ deliveryCount: 1, redelivered: false }',
    killedBy: groups('restart'),
  },
  {
    name: 'never renews a lease',
    file: file('subscription'),
    find: '    this.#renew([...tokens] as Token[]).catch(() => {});\n',
    replace: '',
    killedBy: groups('leases'),
  },
  {
    name: 'lets an old settlement count',
    file: file('subscription'),
    find: 'const SETTLE = `DELETE FROM $S.deliveries d USING ${GIVEN} WHERE ${STILL_MINE}`;',
    replace:
      "const SETTLE = `DELETE FROM $S.deliveries d USING ${GIVEN} WHERE ${STILL_MINE.replace('owner = $3 AND d.id = given.id AND d.attempts = given.attempts', 'd.id = given.id AND $3 IS NOT NULL')}`;",
    killedBy: groups('leases what a member has lost'),
  },
  {
    name: 'frees for all what a former owner gives back',
    file: file('subscription'),
    find: "lease_until = '-infinity' FROM ${GIVEN} WHERE ${STILL_MINE}`;",
    replace:
      "lease_until = '-infinity' FROM ${GIVEN} WHERE ${STILL_MINE.replace('owner = $3 AND d.id = given.id AND d.attempts = given.attempts', 'd.id = given.id AND $3 IS NOT NULL')}`;",
    killedBy: groups('leases what a member has lost'),
  },
  {
    name: 'tells nobody of a lost lease',
    file: file('subscription'),
    find: '    if (lost.length > 0) this.#sink.lost(lost);\n',
    replace: '',
    killedBy: groups('leases'),
  },
  {
    name: 'writes batches backwards',
    file: file('sender'),
    find: 'JOIN locked ON name = topic ORDER BY place\n',
    replace: 'JOIN locked ON name = topic ORDER BY place DESC\n',
    killedBy: groups('ordered delivery', 'publishing'),
  },
  {
    name: 'answers that a topic was changed and changes nothing',
    file: file('topic-admin'),
    find: '      if (value === undefined) continue;\n',
    replace: "      if (value === undefined || column !== '') continue;\n",
    killedBy: groups('topic settings'),
  },
  {
    name: 'describes settings that are not there',
    file: file('topic-admin'),
    find: "...(row.retention_ms === '0' ? {} : { retentionMs: Number(row.retention_ms) }),",
    replace: 'retentionMs: Number(row.retention_ms) || 3_600_000,',
    killedBy: groups('topic settings a topic is described'),
    gate: true,
  },
];
