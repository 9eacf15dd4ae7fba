import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads from its stdin the process groups and folders that it is responsible for. The pipe closes when the starter ends
 * for any reason (kill -9 too): then it ends the remaining groups and removes the folders.
 */
const SCRIPT = `
pids=
while read -r what argument; do
  case $what in
    watch) pids="$pids $argument" ;;
    forget) rest=; for pid in $pids; do [ "$pid" = "$argument" ] || rest="$rest $pid"; done; pids=$rest ;;
    remove) set -- "$@" "$argument" ;;
  esac
done
for pid in $pids; do kill -s TERM -- "-$pid"; done
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
  left=; for pid in $pids; do kill -s 0 -- "-$pid" && left="$left $pid"; done
  [ -n "$left" ] || break
  sleep 0.2
done
for pid in $pids; do kill -s KILL -- "-$pid"; done
for folder in "$@"; do rm -rf -- "$folder"; done
`;

let reaper: ChildProcess | undefined;

function write(line: string): void {
  if (!reaper) {
    reaper = spawn('/bin/sh', ['-c', SCRIPT, 'reaper'], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    // The reaper must neither keep its starter alive nor make it fail. Without it, only the clean-up after a crash is
    // missing.
    reaper.unref();
    reaper.on('error', () => {});
    reaper.stdin?.on('error', () => {});
    (reaper.stdin as unknown as { unref(): void }).unref();
  }
  reaper.stdin?.write(`${line}\n`);
}

/** The process group led by `pid` ends when this process ends. */
export const watchProcess = (pid: number): void => write(`watch ${pid}`);
/** The group led by `pid` has ended; its number may soon belong to another. */
export const forgetProcess = (pid: number): void => write(`forget ${pid}`);
/** `folder` is removed when this process ends, after its processes. */
export const removeAtEnd = (folder: string): void => write(`remove ${folder}`);
