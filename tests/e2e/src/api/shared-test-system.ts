import { sharedByFiles } from '../shared-by-files.ts';
import { startTestSystem } from './test-system.ts';

/** What the processor says of it stands in statuses.test.ts. */
export const APPLE_PAY_DOMAIN = 'apple-domain-association';

/** Gives a test file the system that it shares with others. A file that needs other settings of the whole starts its own and says why. */
export const shareTestSystem = sharedByFiles({
  start: () =>
    startTestSystem({
      serviceEnv: {
        intent: {
          STORED_PAYMENT_METHODS_ENABLED: 'true',
          STRIPE_ENABLE_MULTI_OPERATIONS: 'true',
          STRIPE_APPLE_PAY_WELL_KNOWN: APPLE_PAY_DOMAIN,
          STRIPE_APPEARANCE_PAYMENT_ELEMENT: '{"theme":"night"}',
          // All callers of a test have one address.
          RATE_LIMIT_DENIALS_PER_ADDRESS: '0',
        },
        // Each refusal is looked for in the audit trail.
        'session-auth': { AUDIT_DENIALS_PER_SECOND: '1000' },
      },
    }),
  async restore(system) {
    system.heal();
    system.stripeRelay.mirror = undefined;
    await system.stopBeside();
    const broken = await system.sandbox.notReady();
    if (broken.length > 0) throw new Error(`not ready: ${broken.join()}`);
  },
  stop: (system) => system.stop(),
});
