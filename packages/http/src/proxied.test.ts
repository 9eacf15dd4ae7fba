import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHttpClient } from './http-client.ts';
import { leavesByProxy } from './proxied.ts';

const VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy'];

describe('a call that goes through a proxy', () => {
  it.each([
    ['https://api.stripe.com', { HTTPS_PROXY: 'http://proxy:3128' }, true],
    ['https://api.stripe.com', { https_proxy: 'http://proxy:3128' }, true],
    ['https://api.stripe.com', {}, false],
    ['https://api.stripe.com', { HTTPS_PROXY: '' }, false],
    ['http://pay-session-auth:8080', { HTTP_PROXY: 'http://proxy:3128' }, false],
    ['http://session-auth.shop.svc.cluster.local:8080', { HTTP_PROXY: 'http://proxy:3128' }, false],
    ['http://127.0.0.1:9000', { HTTP_PROXY: 'http://proxy:3128' }, false],
  ])('%s with %j: %s', (url, env, expected) => {
    expect(leavesByProxy(new URL(url), env)).toBe(expected);
  });
});

describe('a client behind a forward proxy', () => {
  let origin: Server;
  let proxy: Server;
  let tunnels: string[];
  let authorization: (string | undefined)[];
  const portOf = (server: Server) => (server.address() as AddressInfo).port;
  const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = () => createHttpClient({ api: 'stripe', operationOf: () => 'test' });

  beforeEach(async () => {
    for (const name of VARIABLES) vi.stubEnv(name, undefined);
    tunnels = [];
    authorization = [];
    origin = createServer((_req, res) => res.end('from the origin'));
    // Any name resolves to the origin, because only this proxy knows these names.
    proxy = createServer((req, res) => {
      tunnels.push(req.url ?? '');
      authorization.push(req.headers['proxy-authorization']);
      res.end('from the origin');
    });
    proxy.on('connect', (req: IncomingMessage, socket) => {
      tunnels.push(req.url ?? '');
      authorization.push(req.headers['proxy-authorization']);
      const upstream = connect(portOf(origin), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
    });
    await Promise.all([listen(origin), listen(proxy)]);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    for (const server of [origin, proxy]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("reaches a name that only the proxy knows, with the proxy's credentials", async () => {
    vi.stubEnv('HTTP_PROXY', `http://user:secret@127.0.0.1:${portOf(proxy)}`);
    const { fetch, close } = client();
    try {
      expect(await (await fetch('http://api.payments.invalid/v1/x')).text()).toBe('from the origin');
    } finally {
      await close();
    }
    expect(tunnels).toEqual(['http://api.payments.invalid/v1/x']);
    expect(authorization).toEqual([`Basic ${btoa('user:secret')}`]);
  });

  it('gets a tunnel for https, so that the proxy sees only the name', async () => {
    vi.stubEnv('HTTPS_PROXY', `http://user:secret@127.0.0.1:${portOf(proxy)}`);
    const { fetch, close } = client();
    // The origin has no TLS, so the handshake inside the tunnel fails.
    await expect(fetch('https://api.stripe.invalid/v1/x')).rejects.toThrow(/SSL|TLS|packet length|EPROTO/i);
    await close();
    expect(tunnels).toEqual(['api.stripe.invalid:443']);
    expect(authorization).toEqual([`Basic ${btoa('user:secret')}`]);
  });

  it.each([
    ['NO_PROXY names it', 'api.payments.invalid'],
    ['NO_PROXY names its domain', '.payments.invalid'],
  ])('calls directly when %s', async (_what, noProxy) => {
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${portOf(proxy)}`);
    vi.stubEnv('NO_PROXY', noProxy);
    const { fetch, close } = client();
    await expect(fetch('http://api.payments.invalid/v1/x')).rejects.toThrow(/ENOTFOUND|EAI_AGAIN/);
    await close();
    expect(tunnels).toEqual([]);
  });

  it('calls local names directly', async () => {
    vi.stubEnv('HTTP_PROXY', `http://127.0.0.1:${portOf(proxy)}`);
    const { fetch, close } = client();
    expect(await (await fetch(`http://127.0.0.1:${portOf(origin)}/`)).text()).toBe('from the origin');
    await close();
    expect(tunnels).toEqual([]);
  });
});
