/** A consumer in a process of its own, for the conformance suite. */
import { runProcess } from '@ebus/conformance';
import { kafka } from '../index.js';

await runProcess(kafka);
