import { connect } from 'node:net';
import { type Check, fail, ok } from './checkup.ts';

/** Checks whether something listens at each `host:port` (also `[::1]:9092`), with the reason if not. */
export const reachable = (brokers: readonly string[], { limitMs = 5_000 } = {}): Check[] =>
  brokers.map((broker) => {
    const name = `broker ${broker}`;
    return {
      name,
      run: async () => {
        const at = broker.lastIndexOf(':');
        const [host, port] = [broker.slice(0, at).replace(/^\[|\]$/g, ''), Number(broker.slice(at + 1))];
        const reason = await reasonOf(host, port, limitMs);
        if (reason === undefined) return ok(name, 'takes connections');
        const todo =
          reason === 'ENOTFOUND' || reason === 'EAI_AGAIN'
            ? 'Its name is not in DNS here: is kafka.brokers right, also for this namespace (<service>.<namespace>.svc)?'
            : 'Is kafka.brokers right, the port that of the listener, and the network open (NetworkPolicies, firewalls)?';
        return fail(name, `cannot be reached: ${reason}`, todo);
      },
    };
  });

const reasonOf = (host: string, port: number, limitMs: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: limitMs });
    const end = (reason: string | undefined) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end(`no answer within ${limitMs / 1000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
