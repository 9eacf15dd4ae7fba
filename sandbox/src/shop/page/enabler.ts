import type { EnablerConstructor } from '@connector/enabler/types';
import { create } from './dom.ts';

type EnablerModule = Promise<{ Enabler: EnablerConstructor }>;

/**
 * Loads the enabler once, as a merchant's page does. With a simulated Stripe, its stand-in for Stripe.js is loaded
 * first.
 */
export function enablerLoader(enablerUrl: string, isStripeSimulated: boolean): () => EnablerModule {
  let loaded: EnablerModule | undefined;
  return () => {
    loaded ??= (isStripeSimulated ? loadScript('/storefront/stripe.js') : Promise.resolve()).then(
      () => import(enablerUrl) as EnablerModule,
    );
    // A script that did not load is loaded again at the next try.
    loaded.catch(() => {
      loaded = undefined;
    });
    return loaded;
  };
}

function loadScript(src: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = create('script', { src });
    script.addEventListener('load', () => resolve());
    script.addEventListener('error', () => reject(new Error(`${src} did not load`)));
    document.head.append(script);
  });
}
