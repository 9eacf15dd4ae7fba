import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../processes/free-port.ts';
import { BrokerLink } from './broker-link.ts';

let broker: Server;
let accepted: Socket[];
let link: BrokerLink;
let clients: Socket[];

beforeEach(async () => {
  accepted = [];
  clients = [];
  // Answers each line with the same line.
  broker = createServer((socket) => {
    accepted.push(socket);
    socket.on('data', (chunk) => socket.write(chunk)).on('error', () => {});
  });
  broker.listen(0, '127.0.0.1');
  await once(broker, 'listening');
  link = new BrokerLink(await freePort(), (broker.address() as AddressInfo).port);
  await link.open();
});
afterEach(() => {
  for (const socket of [...clients, ...accepted]) socket.destroy();
  link.close();
  broker.close();
});

const dial = async (): Promise<Socket> => {
  const socket = connect(link.port, '127.0.0.1');
  clients.push(socket);
  await once(socket, 'connect');
  return socket;
};
const heard = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0]);

it('passes bytes in both directions', async () => {
  const client = await dial();
  client.write('hello');
  expect(await heard(client)).toBe('hello');
});

it('passes nothing and reports nothing while it is cut, and passes everything after it heals', async () => {
  const before = await dial();
  before.write('one');
  expect(await heard(before)).toBe('one');

  link.cut();
  before.write('two');
  const during = await dial();
  during.write('three');
  const third = await dial();
  // The third connection was accepted, so the first two have been handled.
  expect([before, during, third].map(({ destroyed }) => destroyed)).toEqual([false, false, false]);
  expect(accepted.length).toBe(1);

  const answers = Promise.all([heard(before), heard(during)]);
  link.heal();
  expect(await answers).toEqual(['two', 'three']);
});

it('delays each packet both ways until the delay is reset', async () => {
  const client = await dial();
  client.write('?');
  expect(await heard(client)).toBe('?');

  link.slow(60);
  const began = performance.now();
  client.write('slow');
  await once(accepted[0] as Socket, 'data');
  expect(performance.now() - began).toBeGreaterThanOrEqual(59);
  expect(await heard(client)).toBe('slow');
  expect(performance.now() - began).toBeGreaterThanOrEqual(119);

  link.slow(0);
  client.write('fast');
  expect(await heard(client)).toBe('fast');
});

it('refuses and drops connections when it is closed, and accepts them again on the same port', async () => {
  const client = await dial();
  const gone = once(client, 'close');
  link.close();
  await gone;
  await expect(dial()).rejects.toMatchObject({ code: 'ECONNREFUSED' });

  await link.open();
  const again = await dial();
  again.write('back');
  expect(await heard(again)).toBe('back');
});
