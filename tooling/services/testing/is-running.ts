/** Whether a process still exists; one that has ended and waits to be collected by its parent does not. */
import { readFileSync } from 'node:fs';

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    // No /proc on this system, or gone meanwhile: the signal above decides next time.
    return process.platform !== 'linux';
  }
}
