import { pageSources } from './page-sources.ts';

export interface Page {
  html(config: unknown): string;
  script: string;
  style: string;
}

/** The page of the shop; throws esbuild's error when its script does not compile. */
export async function bundlePage(): Promise<Page> {
  const { html, script, style } = await pageSources();
  return {
    html: (config) => html.replace('>"config"<', () => `>${escapeForScript(JSON.stringify(config))}<`),
    script,
    style,
  };
}

/** JSON inside a script element must not be able to close the element. */
const escapeForScript = (json: string): string => json.replaceAll('<', '\\u003c');
