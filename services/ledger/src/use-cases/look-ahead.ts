import type { KnownPayments, PaymentsOf } from './ports.ts';

/** The most ids that fit into a query's URL. */
const AT_ONCE = 100;

/**
 * Reads the payments of a backlog together instead of one by one, so that most of its events cost one call. Only
 * unambiguous payments are cached; for the others each event reads by itself.
 */
export const lookAhead =
  ({
    paymentsOf,
    known,
    paymentInterface,
  }: {
    paymentsOf: PaymentsOf;
    known: KnownPayments;
    paymentInterface: string;
  }) =>
  async (keys: readonly string[]): Promise<void> => {
    const unknown = keys.filter((key) => key.startsWith('pi_') && !known.get(key));
    const pages = Array.from({ length: Math.ceil(unknown.length / AT_ONCE) }, (_, page) =>
      unknown.slice(page * AT_ONCE, (page + 1) * AT_ONCE),
    );
    const payments = (await Promise.all(pages.map(paymentsOf))).flat();
    for (const payment of payments) {
      const isOurs = payment.paymentMethodInfo.paymentInterface === paymentInterface;
      if (isOurs && payment.interfaceId) known.set(payment.interfaceId, payment);
    }
  };
