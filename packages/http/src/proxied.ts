import type { Agent, Dispatcher } from 'undici';

/** Names that only the cluster or this machine knows. They are called directly, whatever NO_PROXY says. */
const LOCAL_HOST = /^((.+\.)?localhost|127(\.\d+){3}|\[::1\]|.+\.(svc|cluster\.local)|[^.]+)$/;

type Environment = Readonly<Record<string, string | undefined>>;

const isSet = (env: Environment, name: string): boolean => Boolean(env[name] || env[name.toLowerCase()]);

/** The environment variables that say whether there is a proxy, read once. */
export const proxyVariables = (env: Environment): Environment =>
  Object.fromEntries(['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'].map((name) => [name, env[name]]));

/**
 * Whether a call to `url` goes through a proxy: HTTPS_PROXY or HTTP_PROXY is set (in upper or lower case), and the host
 * is not local. The dispatcher itself respects NO_PROXY.
 */
export const leavesByProxy = (url: URL, env: Environment = process.env): boolean =>
  (isSet(env, 'HTTPS_PROXY') || isSet(env, 'HTTP_PROXY')) && !LOCAL_HOST.test(url.hostname);

/**
 * The dispatcher that follows HTTPS_PROXY, HTTP_PROXY and NO_PROXY. It is loaded only when there is a proxy, because
 * tunnels need all of undici: ten megabytes.
 */
export async function proxyDispatcher(options: Agent.Options): Promise<Dispatcher> {
  const { EnvHttpProxyAgent } = await import('./proxy-agent.ts');
  return new EnvHttpProxyAgent(options);
}
