import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';

const POLL_MS = 150;

/**
 * Calls back with each whole line that is written to a file from now on. The file may not exist yet. Returns the
 * function that stops it.
 */
export function followLines(file: string, onLine: (line: string) => void): () => void {
  let offset = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let rest = '';
  let reading = false;
  const read = async () => {
    if (reading) return;
    reading = true;
    try {
      await using handle = await open(file, 'r');
      const { size } = await handle.stat();
      const bytes = Buffer.alloc(Math.max(0, size - offset));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
      offset += bytesRead;
      const lines = (rest + bytes.toString('utf8', 0, bytesRead)).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(onLine);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    } finally {
      reading = false;
    }
  };
  const timer = setInterval(() => void read(), POLL_MS);
  return () => clearInterval(timer);
}
