import type { PaymentIntent } from '../objects.ts';
import type { Simulation } from '../simulation.ts';
import type { PaymentIntentSecrets } from '../state.ts';

export const OPEN: readonly string[] = ['requires_payment_method', 'requires_confirmation', 'requires_action'];

export const secretsOf = (simulation: Simulation, paymentIntent: PaymentIntent): PaymentIntentSecrets => {
  const secrets = simulation.state.secrets.get(paymentIntent.id);
  if (!secrets) throw new Error(`no secrets of ${paymentIntent.id}`);
  return secrets;
};
