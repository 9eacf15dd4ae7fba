import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

it('loads in Node itself: kafkajs is CommonJS, and not all of its names can be imported there as a bundler or a test runner lets them', async () => {
  const index = new URL('./index.ts', import.meta.url).href;
  const program = `const { createKafka } = await import(${JSON.stringify(index)}); console.log(typeof createKafka)`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], { timeout: 60_000 });
  expect(stdout.trim()).toBe('function');
}, 60_000);
