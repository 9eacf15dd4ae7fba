import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Component } from '@connector/lifecycle';
import { type Logger, metrics } from '@connector/telemetry';
import { signingKey } from '../domain/verify-signature.ts';

/** Kubernetes renews a mounted secret within about a minute; reading a small file this often costs nothing. */
const EVERY_MS = 10_000;

/**
 * The signing secrets as HMAC keys. With a `file` they follow it, so that a rotation needs no restart; a file that is missing
 * or holds no valid secrets changes nothing, and says so in the log and in `secret_file_reads_total`. `parse` answers undefined for text that is not valid.
 */
export function signingSecrets(options: {
  initial: readonly string[];
  file: string | undefined;
  parse: (text: string) => readonly string[] | undefined;
  log: Pick<Logger, 'info' | 'warn'>;
  everyMs?: number;
}): Component & { keys(): readonly KeyObject[]; refresh(): Promise<void> } {
  const { initial, file, parse, log, everyMs = EVERY_MS } = options;
  let secrets = initial;
  let keys = initial.map(signingKey);
  let timer: NodeJS.Timeout | undefined;
  const count = (outcome: 'changed' | 'unusable', times = 1) => metrics.secretFileReads.inc({ outcome }, times);
  count('changed', 0);
  count('unusable', 0);

  const refresh = async () => {
    if (!file) return;
    const text = await readFile(file, 'utf8').catch(() => '');
    const read = parse(text.trim());
    if (!read) {
      count('unusable');
      return log.warn({ file }, 'the file of signing secrets is not usable; the known ones stay');
    }
    if (read.join() === secrets.join()) return;
    secrets = read;
    keys = read.map(signingKey);
    count('changed');
    log.info({ secrets: keys.length }, 'signing secrets were changed');
  };
  return {
    name: 'signing secrets',
    keys: () => keys,
    refresh,
    start: async () => {
      if (file) timer = setInterval(() => void refresh(), everyMs);
    },
    stop: async () => clearInterval(timer),
  };
}
