/** An error as Stripe.js hands it to the page; it is returned, never thrown. */
export interface StripeError {
  type: string;
  message: string;
  code?: string;
  decline_code?: string;
  param?: string;
  charge?: string;
  doc_url?: string;
  payment_intent?: PaymentIntentView;
  payment_method?: unknown;
}

/** What a shopper's page sees of a PaymentIntent. */
export interface PaymentIntentView {
  id: string;
  status: string;
  amount: number;
  currency: string;
  capture_method: string;
  client_secret: string;
  setup_future_usage: string | null;
  payment_method_types: string[];
  next_action: {
    type: string;
    redirect_to_url?: { url: string; return_url: string | null };
    use_stripe_sdk?: { stripe_js: string };
  } | null;
  last_payment_error: StripeError | null;
  [field: string]: unknown;
}

/** A mistake of the page's programmer, which Stripe.js throws. */
export class IntegrationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'IntegrationError';
  }
}
