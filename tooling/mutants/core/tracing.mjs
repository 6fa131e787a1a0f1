// Faults of traces.
import { inUnit } from '../selections.mjs';

const oneTrace = inUnit('packages/conformance/src/tracing/one-trace.test.ts');
const spans = inUnit('packages/core/src/telemetry/spans.test.ts');

/** @type {readonly import('../index.mjs').Mutant[]} */
export const tracingMutants = [
  {
    name: 'core: handling begins a trace of its own',
    file: 'packages/core/src/telemetry/tracing.ts',
    find: 'const parent = isLink ? trace.deleteSpan(sent) : sent;',
    replace: 'const parent = trace.deleteSpan(sent);',
    killedBy: oneTrace,
  },
  {
    name: 'core: shows a dead letter beside the attempt that failed',
    file: 'packages/core/src/dead-letters/dead-letter-writer.ts',
    find: '    letter.cause = failed.attempt?.span;\n',
    replace: '',
    killedBy: oneTrace,
  },
  {
    name: 'core: redrives in the trace of the caller',
    file: 'packages/core/src/telemetry/tracing.ts',
    find: 'const above = info.cause ?? event ?? caller;',
    replace: 'const above = info.cause ?? caller ?? event;',
    killedBy: oneTrace,
  },
  {
    name: 'core: gives a dead letter a context of its own',
    file: 'packages/core/src/publish/letters.ts',
    find: '      job.span = this.#startSpan(letter);\n',
    replace:
      '      job.span = this.#startSpan(letter);\n      job.headers = job.span?.inject(headers, 0) ?? headers;\n',
    killedBy: spans,
  },
  {
    name: 'core: lets an SDK that throws fail a message',
    file: 'packages/core/src/telemetry/outcome.ts',
    find: '  } catch {\n    return undefined;\n  }',
    replace: '  } catch (error) {\n    throw error;\n  }',
    killedBy: inUnit('packages/core/src/telemetry/untrusted.test.ts'),
  },
  {
    name: 'core: logs a failed attempt without its trace',
    file: 'packages/core/src/bus/consume-reports.ts',
    find: ', ...logFields(span) };',
    replace: ' };',
    killedBy: inUnit('packages/core/src/telemetry/log-ids.test.ts'),
  },
];
