/// <reference lib="dom" />
import { IntegrationError } from './errors.ts';
import { StripeStandIn } from './stand-in.ts';

function Stripe(publishableKey: unknown, options: { locale?: string } = {}): StripeStandIn {
  if (typeof publishableKey !== 'string' || publishableKey === '') {
    throw new IntegrationError('Missing value for Stripe(): apiKey should be a string.');
  }
  if (!publishableKey.startsWith('pk_test_sandbox')) {
    throw new IntegrationError(
      'The stand-in for Stripe.js takes only keys that begin with pk_test_sandbox. Load https://js.stripe.com instead.',
    );
  }
  return new StripeStandIn(publishableKey, options);
}
/** The release that the page's loader of Stripe.js expects. */
Stripe.version = 'endive';

Object.assign(window, { Stripe });
