import { readFile } from 'node:fs/promises';

/** Memory and processor time of a process, from /proc; Linux alone. */
export async function resourcesOf(pid: number): Promise<{ rssMb: number; peakRssMb: number; cpuSeconds: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const kb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // The kernel counts in hundredths of a second.
  const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / 100;
  return { rssMb: kb('VmRSS') / 1024, peakRssMb: kb('VmHWM') / 1024, cpuSeconds };
}

/** Processor time since the machine started: all that was used, and what these processes used of it, in seconds. */
export async function processorTime(pids: readonly number[]): Promise<{ all: number; theirs: number }> {
  const [total = ''] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = total.split(/\s+/).slice(1).map(Number);
  const each = await Promise.all(pids.map(async (pid) => (await resourcesOf(pid)).cpuSeconds));
  return { all: (user + nice + system + irq + softirq) / 100, theirs: each.reduce((sum, seconds) => sum + seconds, 0) };
}
