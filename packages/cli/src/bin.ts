#!/usr/bin/env node
/** The command `ebus`. */
import { processIo } from './io/process-io.js';
import { run } from './run.js';

const { io, end } = processIo();
void run(process.argv.slice(2), io).then(end);
