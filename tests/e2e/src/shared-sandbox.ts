import { BEHAVIOR_RULES, freePort, type Sandbox, startSandbox } from '@connector/sandbox';
import { type Merchant, startMerchant } from './fixtures/merchant.ts';
import { sharedByFiles } from './shared-by-files.ts';
import { Shopper } from './shopper.ts';

/** The whole system, and a merchant's web server whose origin it allows beside its own. */
export interface SharedSandbox {
  readonly sandbox: Sandbox;
  readonly merchant: Merchant;
}

/** What a page shows of them is told in enabler-in-browser.test.ts; each of the other files does with any. */
const SETTINGS = {
  STORED_PAYMENT_METHODS_ENABLED: 'true',
  STRIPE_LAYOUT: JSON.stringify({
    type: 'accordion',
    defaultCollapsed: false,
    radios: true,
    spacedAccordionItems: false,
  }),
  STRIPE_APPEARANCE_PAYMENT_ELEMENT: JSON.stringify({ theme: 'stripe', variables: { colorPrimary: '#7a1fa2' } }),
  STRIPE_PAYMENT_BEHAVIOR_RULES: JSON.stringify({
    ...BEHAVIOR_RULES,
    AT: { collectBillingAddress: 'never' },
    IT: { collectBillingAddress: 'if_required' },
  }),
  // A session that ends is noticed at once.
  SESSION_CACHE_TTL_MS: '0',
};

/** Has what is under `/_sandbox/stripe/` as it was: both are read before the first file changes anything. */
const STRIPE_SETTINGS = ['settings', 'webhooks'] as const;
let asStarted: Record<string, object> = {};

/** Gives a test file the system that it shares with others. A file that needs
 * other settings, or leaves what cannot be put back, starts its own and says why. */
export const shareSandbox = sharedByFiles<SharedSandbox>({
  async start() {
    const [merchant, port] = await Promise.all([startMerchant(), freePort()]);
    const origins = [`http://localhost:${port}`, `http://127.0.0.1:${port}`, merchant.origin];
    const env = { ...process.env, ...SETTINGS, ALLOWED_ORIGINS: origins.join() };
    const sandbox = await startSandbox({ port, env }).catch((error: unknown) => {
      merchant.stop();
      throw error;
    });
    const { settings, webhooks } = await stripeSettings(sandbox);
    asStarted = { settings, webhooks: webhooks.settings };
    return { sandbox, merchant };
  },
  async restore({ sandbox, merchant }) {
    merchant.policy = '';
    merchant.pages.clear();
    const shopper = new Shopper(sandbox.url);
    await shopper.commercetoolsFaults([]);
    await shopper.stripeFaults([]);
    for (const name of STRIPE_SETTINGS) {
      const { status, text } = await shopper.call('PUT', `/_sandbox/stripe/${name}`, { body: asStarted[name] });
      if (status !== 200) throw new Error(`${name}: ${status} ${text}`);
    }
    const broken = await sandbox.notReady();
    if (broken.length > 0) throw new Error(`not ready: ${broken.join()}`);
  },
  async stop({ sandbox, merchant }) {
    merchant.stop();
    await sandbox.stop();
  },
});

async function stripeSettings(sandbox: Sandbox) {
  const read = async (name: (typeof STRIPE_SETTINGS)[number]) =>
    (await new Shopper(sandbox.url).call('GET', `/_sandbox/stripe/${name}`)).json;
  return { settings: await read('settings'), webhooks: await read('webhooks') };
}
