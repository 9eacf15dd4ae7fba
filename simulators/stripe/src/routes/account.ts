import { noSuch } from '../errors.ts';
import { SETTLEMENT_CURRENCY } from '../money.ts';
import type { Simulation } from '../simulation.ts';
import { LIST, type Routes, route } from './route.ts';

export const ACCOUNT_ROUTES: Routes = {
  'GET balance': route(({ simulation }) => {
    let pending = 0;
    for (const { net } of simulation.state.balanceTransactions.values()) pending += net;
    const money = (amount: number) => [{ amount, currency: SETTLEMENT_CURRENCY, source_types: { card: amount } }];
    return { object: 'balance', available: money(0), livemode: false, pending: money(pending) };
  }),
  'GET account': route(({ simulation }) => account(simulation)),
  'GET accounts/:id': route(({ simulation, id }) => {
    if (id !== simulation.accountId) throw noSuch('account', id);
    return account(simulation);
  }),
  'GET balance_transactions': route(({ simulation, params }) => {
    const source = params.string('source');
    const type = params.string('type');
    const currency = params.string('currency');
    const payout = params.string('payout');
    return simulation.state.balanceTransactions.page(
      '/v1/balance_transactions',
      params,
      (transaction) =>
        (!source || transaction.source === source) &&
        (!type || transaction.type === type) &&
        (!payout || simulation.state.payoutOf.get(transaction.id) === payout) &&
        (!currency || transaction.currency === currency),
    );
  }, `${LIST} currency payout source type`),
  'GET balance_transactions/:id': route(({ simulation, id }) => {
    const transaction = simulation.state.balanceTransactions.get(id);
    if (!transaction) throw noSuch('balance transaction', id);
    return transaction;
  }),
  'GET payouts': route(({ simulation, params }) => {
    const status = params.string('status');
    return simulation.state.payouts.page('/v1/payouts', params, (payout) => !status || payout.status === status);
  }, `${LIST} arrival_date destination status`),
  'GET payouts/:id': route(({ simulation, id }) => {
    const payout = simulation.state.payouts.get(id);
    if (!payout) throw noSuch('payout', id);
    return payout;
  }),
};

const account = ({ accountId }: Simulation): object => ({
  id: accountId,
  object: 'account',
  business_profile: { name: 'Sandbox shop' },
  capabilities: { card_payments: 'active', sepa_debit_payments: 'active', transfers: 'active' },
  charges_enabled: true,
  country: 'DE',
  default_currency: SETTLEMENT_CURRENCY,
  details_submitted: true,
  email: 'shop@example.com',
  payouts_enabled: true,
  settings: {
    branding: { icon: null, logo: null, primary_color: null, secondary_color: null },
    card_payments: {
      decline_on: { avs_failure: false, cvc_failure: false },
      statement_descriptor_prefix: 'SANDBOX',
      statement_descriptor_prefix_kana: null,
      statement_descriptor_prefix_kanji: null,
    },
    dashboard: { display_name: 'Sandbox shop', timezone: 'Europe/Berlin' },
    payments: {
      statement_descriptor: 'SANDBOX SHOP',
      statement_descriptor_kana: null,
      statement_descriptor_kanji: null,
    },
  },
  type: 'standard',
});
