import type { Agent, Dispatcher } from 'undici';

/** Names that only the cluster or this machine knows: they are called directly, whatever NO_PROXY says. */
const LOCAL_HOST = /^((.+\.)?localhost|127(\.\d+){3}|\[::1\]|.+\.(svc|cluster\.local)|[^.]+)$/;

type Environment = Readonly<Record<string, string | undefined>>;

const isSet = (env: Environment, name: string): boolean => Boolean(env[name] || env[name.toLowerCase()]);

/** What decides whether there is a proxy, read once. */
export const proxyVariables = (env: Environment): Environment =>
  Object.fromEntries(['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'].map((name) => [name, env[name]]));

/**
 * Whether a call to `url` leaves by a proxy: HTTPS_PROXY or HTTP_PROXY is set (in capitals or not), and the host is not local. NO_PROXY is
 * looked at by the dispatcher.
 */
export const leavesByProxy = (url: URL, env: Environment = process.env): boolean =>
  (isSet(env, 'HTTPS_PROXY') || isSet(env, 'HTTP_PROXY')) && !LOCAL_HOST.test(url.hostname);

/** The dispatcher that follows HTTPS_PROXY, HTTP_PROXY and NO_PROXY. It is loaded only where there is a proxy: tunnels need all of undici, ten megabytes. */
export async function proxyDispatcher(options: Agent.Options): Promise<Dispatcher> {
  const { EnvHttpProxyAgent } = await import('./proxy-agent.ts');
  return new EnvHttpProxyAgent(options);
}
