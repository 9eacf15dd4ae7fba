/** Fields of a PaymentIntent that a shopper's page may see. */
const PUBLIC_FIELDS = new Set(
  'id object amount amount_details automatic_payment_methods canceled_at cancellation_reason capture_method client_secret confirmation_method created currency description last_payment_error livemode next_action payment_method payment_method_configuration_details payment_method_types processing receipt_email setup_future_usage shipping source status'.split(
    ' ',
  ),
);

/** What a page sees of an answer, which asked with a publishable key. */
export function publicView(answer: object): object {
  const record = answer as Record<string, unknown>;
  if (record.object === 'payment_intent') {
    return Object.fromEntries(Object.entries(record).filter(([name]) => PUBLIC_FIELDS.has(name)));
  }
  if (record.object === 'elements_session' && record.payment_intent) {
    return { ...record, payment_intent: publicView(record.payment_intent as object) };
  }
  return answer;
}
