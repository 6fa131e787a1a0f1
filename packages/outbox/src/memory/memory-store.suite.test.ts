import { describe, it } from 'vitest';
import { runStoreSuite } from '../store-suite/index.js';
import { memoryHarness } from '../testing/memory-harness.js';

runStoreSuite({ describe, it }, memoryHarness());
