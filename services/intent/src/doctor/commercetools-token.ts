import { regionOf } from '@connector/commercetools';
import { TransientError } from '@connector/errors';
import { REQUIRED_PERMISSIONS } from '../adapters/health-checks.ts';
import { type Finding, fail, ok, warn } from './checkup.ts';
import type { CommercetoolsSide } from './config.ts';

/** The purpose of each scope; without one of these, payments fail or parts of them. */
const SCOPES: Readonly<Record<string, string>> = {
  manage_payments: 'payments and their transactions',
  manage_orders: 'carts and orders',
  manage_customers: "the customer's Stripe id",
  manage_payment_methods: 'stored payment methods',
  manage_types: 'custom types',
  view_sessions: 'verifying Checkout sessions',
  introspect_oauth_tokens: "verifying Checkout's tokens",
};

/** What `unordered` needs in addition, by `orders.settle`. */
const SETTLE_SCOPES: Readonly<Record<CommercetoolsSide['ORDERS_SETTLE'], Readonly<Record<string, string>>>> = {
  report: {},
  create: { manage_orders: 'carts and orders, and making the order of a paid cart (orders.settle: create)' },
  return: { manage_checkout_payment_intents: 'returning the money of a cart without an order (orders.settle: return)' },
};

/** Scopes that only some shops need, for one feature each. */
const OPTIONAL_SCOPES = [
  {
    name: 'manage_recurring_payment_jobs',
    without: 'a recurring order gets no recurring payment job, and Checkout cannot charge its next cycles',
    todo: 'Only shops with recurring orders need it; a new API client can have it.',
  },
  {
    name: 'manage_locked_carts',
    without: 'a payment cannot be put on a cart that is locked',
    todo: 'Only projects that lock carts (lockCart) need it; a new API client can have it.',
  },
] as const;

const ADD_TO_CTP_SCOPE =
  'CTP_SCOPE limits the token: add the scope there, or leave CTP_SCOPE out to have all that the API client has.';
const ADD_TO_API_CLIENT =
  'Make an API client with it in the Merchant Center (Settings, Developer settings); scopes cannot be added to one.';
const IF_STATUS =
  'GET /operations/status tells "down" without them, as the original does; a new API client can have them.';

/** `manage_x` includes `view_x`. */
const holds = (granted: ReadonlySet<string>, scope: string): boolean =>
  granted.has('manage_project') || granted.has(scope) || granted.has(scope.replace(/^view_/, 'manage_'));

/**
 * The names of the scopes that a token's `scope` string (`name:{projectKey} …`) grants for the project, or for no
 * project in particular.
 */
const grantedBy = (scope: string, projectKey: string): ReadonlySet<string> =>
  new Set(
    scope.split(' ').flatMap((each) => {
      const [name, project] = each.split(':');
      return name && (project === undefined || project === projectKey) ? [name] : [];
    }),
  );

/**
 * Findings about the scopes in `scope` (`name:{projectKey} …`, as in a token). `asked` is CTP_SCOPE, which can leave
 * out scopes that the API client has.
 */
export function scopeFindings(
  scope: string,
  projectKey: string,
  { asked, settle = 'report' }: { asked?: string | undefined; settle?: CommercetoolsSide['ORDERS_SETTLE'] } = {},
): Finding[] {
  const needed = { ...SCOPES, ...SETTLE_SCOPES[settle] };
  const granted = grantedBy(scope, projectKey);
  const missing = Object.entries(needed).filter(([name]) => !holds(granted, name));
  const onlyStatus = REQUIRED_PERMISSIONS.filter((name) => !(name in needed) && !holds(granted, name));
  const all = Object.keys(needed).length;
  const present = all - missing.length;
  const addIt = asked ? ADD_TO_CTP_SCOPE : ADD_TO_API_CLIENT;
  return [
    ...(present > 0 ? [ok('scopes', `${present} of ${all} that payments need`)] : []),
    ...missing.map(([name, purpose]) => fail(`scope ${name}`, `missing: ${purpose} fail`, addIt)),
    ...(onlyStatus.length > 0 ? [warn('scopes for status', `missing: ${onlyStatus.join(', ')}`, IF_STATUS)] : []),
    ...OPTIONAL_SCOPES.filter(({ name }) => !holds(granted, name)).map(({ name, without, todo }) =>
      warn(`scope ${name}`, `missing: ${without}`, todo),
    ),
  ];
}

/** The project of the token, from the projects that its scopes name. */
export function tokenFinding(scope: string, projectKey: string): Finding {
  const projects = new Set(scope.split(' ').flatMap((each) => each.split(':')[1] ?? []));
  if (projects.size === 0 || projects.has(projectKey)) return ok('token', `the API client of project ${projectKey}`);
  return fail(
    'token',
    `the API client is of project ${[...projects].join(', ')}, not of ${projectKey}`,
    'Take CTP_PROJECT_KEY, CTP_CLIENT_ID and CTP_CLIENT_SECRET from the same project.',
  );
}

/** What to do about a refused token. */
export function tokenAdvice(error: unknown, side: CommercetoolsSide): string | undefined {
  if (!(error instanceof TransientError) || error.reason !== 'unauthorized') return undefined;
  if (side.CTP_SCOPE && error.message.endsWith('invalid_scope'))
    return "The API client has not every scope of CTP_SCOPE: ask for fewer, or leave it out to have all of the client's.";
  return `Is the API client of a project in ${regionOf(side.CTP_AUTH_URL)}? Then copy CTP_CLIENT_ID and CTP_CLIENT_SECRET again; else set CTP_AUTH_URL and the others to its region.`;
}
