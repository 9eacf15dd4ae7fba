import { basicCredentials, type Commercetools, customTypes, DEFAULT_REGION, regionOf } from '@connector/commercetools';
import { NotFoundError, TransientError } from '@connector/errors';
import { asGlobalFetch } from '@connector/http';
import { REQUIRED_PERMISSIONS } from '../adapters/health-checks.ts';
import { type Check, type Finding, fail, ok, warn } from './checkup.ts';
import { clockCheck } from './clock.ts';
import type { CommercetoolsSide } from './config.ts';

/** What each scope is for; without one of these, payments or their parts fail. */
const SCOPES: Readonly<Record<string, string>> = {
  manage_payments: 'payments and their transactions',
  manage_orders: 'carts and orders',
  manage_customers: "the customer's Stripe id",
  manage_payment_methods: 'stored payment methods',
  manage_types: 'custom types',
  view_sessions: 'verifying Checkout sessions',
  introspect_oauth_tokens: "verifying Checkout's tokens",
};

/** What `unordered` needs besides, by what it is to do with a payment without an order. */
const SETTLE_SCOPES: Readonly<Record<CommercetoolsSide['ORDERS_SETTLE'], Readonly<Record<string, string>>>> = {
  report: {},
  create: { manage_orders: 'carts and orders, and making the order of a paid cart (orders.settle: create)' },
  return: { manage_checkout_payment_intents: 'returning the money of a cart without an order (orders.settle: return)' },
};

const IF_RECURRING = 'Only shops with recurring orders need it; a new API client can have it.';

const IF_LOCKED = 'Only projects that lock carts (lockCart) need it; a new API client can have it.';

const HTTP_API = 'HTTP API';

/** `manage_x` includes `view_x`. */
const holds = (granted: ReadonlySet<string>, scope: string): boolean =>
  granted.has('manage_project') || granted.has(scope) || granted.has(scope.replace(/^view_/, 'manage_'));

/**
 * Which scopes of `scope` (`name:{projectKey} …`, as in a token) are there and which are missing; `asked` is CTP_SCOPE, which
 * leaves scopes out that the API client may well have.
 */
export function scopeFindings(
  scope: string,
  projectKey: string,
  { asked, settle = 'report' }: { asked?: string | undefined; settle?: CommercetoolsSide['ORDERS_SETTLE'] } = {},
): Finding[] {
  const needed = { ...SCOPES, ...SETTLE_SCOPES[settle] };
  const granted = new Set(
    scope.split(' ').flatMap((each) => {
      const [name, project] = each.split(':');
      return name && (project === undefined || project === projectKey) ? [name] : [];
    }),
  );
  const missing = Object.entries(needed).filter(([name]) => !holds(granted, name));
  const onlyStatus = REQUIRED_PERMISSIONS.filter((name) => !(name in needed) && !holds(granted, name));
  const all = Object.keys(needed).length;
  const present = all - missing.length;
  const addIt = asked
    ? 'CTP_SCOPE limits the token: add the scope there, or leave CTP_SCOPE out to have all that the API client has.'
    : 'Make an API client with it in the Merchant Center (Settings, Developer settings); scopes cannot be added to one.';
  return [
    ...(present > 0 ? [ok('scopes', `${present} of ${all} that payments need`)] : []),
    ...missing.map(([name, purpose]) => fail(`scope ${name}`, `missing: ${purpose} fail`, addIt)),
    ...(onlyStatus.length > 0
      ? [
          warn(
            'scopes for status',
            `missing: ${onlyStatus.join(', ')}`,
            'GET /operations/status tells "down" without them, as the original does; a new API client can have them.',
          ),
        ]
      : []),
    ...(holds(granted, 'manage_recurring_payment_jobs')
      ? []
      : [
          warn(
            'scope manage_recurring_payment_jobs',
            'missing: a recurring order gets no recurring payment job, and Checkout cannot charge its next cycles',
            IF_RECURRING,
          ),
        ]),
    ...(holds(granted, 'manage_locked_carts')
      ? []
      : [warn('scope manage_locked_carts', 'missing: a payment cannot be put on a cart that is locked', IF_LOCKED)]),
  ];
}

/** In which region each API is looked for; of one project all are in one. */
export function regionFinding(
  side: Pick<CommercetoolsSide, 'CTP_API_URL' | 'CTP_AUTH_URL' | 'CTP_SESSION_URL' | 'CTP_CHECKOUT_URL'>,
): Finding {
  const { CTP_API_URL, CTP_AUTH_URL, CTP_SESSION_URL, CTP_CHECKOUT_URL } = side;
  const regions = Object.entries({ CTP_API_URL, CTP_AUTH_URL, CTP_SESSION_URL, CTP_CHECKOUT_URL }).map(
    ([name, url]) => [name, regionOf(url)] as const,
  );
  const region = regionOf(CTP_API_URL);
  const elsewhere = regions.filter(([, other]) => other !== region).map(([name, other]) => `${name} in ${other}`);
  if (elsewhere.length === 0) return ok('region', region);
  return warn(
    'region',
    `${region}, but ${elsewhere.join(', ')}`,
    `A project is in one region. Unset, CTP_API_URL, CTP_AUTH_URL and CTP_SESSION_URL are in ${DEFAULT_REGION}: set all to the project's.`,
  );
}

/** Whose the token is, by the projects that its scopes name. */
function tokenFinding(scope: string, projectKey: string): Finding {
  const projects = new Set(scope.split(' ').flatMap((each) => each.split(':')[1] ?? []));
  if (projects.size === 0 || projects.has(projectKey)) return ok('token', `the API client of project ${projectKey}`);
  return fail(
    'token',
    `the API client is of project ${[...projects].join(', ')}, not of ${projectKey}`,
    'Take CTP_PROJECT_KEY, CTP_CLIENT_ID and CTP_CLIENT_SECRET from the same project.',
  );
}

/** What to do about a token that is refused. */
function tokenAdvice(error: unknown, side: CommercetoolsSide): string | undefined {
  if (!(error instanceof TransientError) || error.reason !== 'unauthorized') return undefined;
  if (side.CTP_SCOPE && error.message.endsWith('invalid_scope'))
    return "The API client has not every scope of CTP_SCOPE: ask for fewer, or leave it out to have all of the client's.";
  return `Is the API client of a project in ${regionOf(side.CTP_AUTH_URL)}? Then copy CTP_CLIENT_ID and CTP_CLIENT_SECRET again; else set CTP_AUTH_URL and the others to its region.`;
}

export function commercetoolsChecks(side: CommercetoolsSide, commercetools: Commercetools): Check[] {
  const { projectKey, tokens, fetch, plainFetch, api, call } = commercetools;
  const answers = (name: string, url: string, accepted: readonly number[], todo: string): Check => ({
    name,
    run: async () => {
      const { status } = await fetch(url);
      if (accepted.includes(status)) return ok(name, 'answers');
      if (name === HTTP_API && (status === 403 || status === 404))
        return fail(
          name,
          `answered ${status}: no project ${projectKey} of this API client in ${regionOf(url)}`,
          `Is CTP_PROJECT_KEY right, and the region? Unset, CTP_API_URL, CTP_AUTH_URL and CTP_SESSION_URL are in ${DEFAULT_REGION}.`,
        );
      const hint =
        status === 401 || status === 403 ? todo : `Is ${new URL(url).origin} right for the region of the project?`;
      return fail(name, `answered ${status}`, hint);
    },
  });
  const keys = {
    customer: side.CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY,
    purchaseOrder: side.CT_CUSTOM_TYPE_LAUNCHPAD_PURCHASE_ORDER_KEY,
  };
  return [
    { name: 'region', run: async () => regionFinding(side) },
    {
      name: 'token',
      run: async () => {
        try {
          const { scope } = await tokens.request();
          return [
            tokenFinding(scope, projectKey),
            ...scopeFindings(scope, projectKey, { asked: side.CTP_SCOPE, settle: side.ORDERS_SETTLE }),
          ];
        } catch (error) {
          const todo = tokenAdvice(error, side);
          if (todo === undefined) throw error;
          return fail('token', (error as Error).message, todo);
        }
      },
    },
    answers(
      HTTP_API,
      `${side.CTP_API_URL}/${projectKey}/payments?limit=1`,
      [200],
      'CTP_PROJECT_KEY and the API client must be of the same project.',
    ),
    answers(
      'Session API',
      `${side.CTP_SESSION_URL}/${projectKey}/sessions/doctor-looks-for-none`,
      [404],
      'The API client needs view_sessions.',
    ),
    answers(
      'Checkout API',
      `${side.CTP_CHECKOUT_URL}/${projectKey}/recurring-payment-jobs?limit=1`,
      [200, 403, 404],
      'Only recurring payments need it (manage_recurring_payment_jobs).',
    ),
    {
      name: 'introspection',
      run: async () => {
        const { accessToken } = await tokens.get();
        const answer = await plainFetch(`${side.CTP_AUTH_URL}/oauth/introspect`, {
          method: 'POST',
          headers: {
            authorization: basicCredentials(side.CTP_CLIENT_ID, side.CTP_CLIENT_SECRET),
            'content-type': 'application/x-www-form-urlencoded',
          },
          body: new URLSearchParams({ token: accessToken }),
        });
        if (answer.status === 200) return ok('introspection', 'answers');
        return fail('introspection', `answered ${answer.status}`, 'The API client needs introspect_oauth_tokens.');
      },
    },
    {
      name: 'JWKS',
      run: async () => {
        const answer = await plainFetch(side.CTP_JWKS_URL);
        const text = await answer.text();
        const count = answer.status === 200 ? keysIn(text) : undefined;
        if (!count)
          return fail(
            'JWKS',
            `${side.CTP_JWKS_URL} answered ${answer.status} without keys`,
            'CTP_JWKS_URL must be that of the region, …/.well-known/jwks.json.',
          );
        const sameHost =
          URL.canParse(side.CTP_JWT_ISSUER) && new URL(side.CTP_JWT_ISSUER).host === new URL(side.CTP_JWKS_URL).host;
        return [
          ok('JWKS', `${count} keys`),
          sameHost
            ? ok('JWT issuer', side.CTP_JWT_ISSUER)
            : warn(
                'JWT issuer',
                `${side.CTP_JWT_ISSUER} is not where the keys are`,
                'CTP_JWT_ISSUER and CTP_JWKS_URL are usually of one host, https://mc-api.<region>.commercetools.com.',
              ),
        ];
      },
    },
    ...customTypes(keys).map((wanted): Check => {
      const name = `type ${wanted.key}`;
      return {
        name,
        run: async () => {
          try {
            const type = await call('types.get', api.types().withKey({ key: wanted.key }).get());
            const known = new Set(type.fieldDefinitions.map((field) => field.name));
            const missing = (wanted.fieldDefinitions ?? []).filter((field) => !known.has(field.name));
            const elsewhere = wanted.resourceTypeIds.filter((id) => !type.resourceTypeIds.includes(id));
            if (elsewhere.length > 0)
              return fail(
                name,
                `is not for ${elsewhere.join(', ')}`,
                'Another type has this key: choose another key, or remove that type.',
              );
            if (missing.length > 0)
              return fail(
                name,
                `lacks ${missing.map((field) => field.name).join(', ')}`,
                'Run ensure-types (the chart does after each upgrade).',
              );
            return ok(name, `there, with ${wanted.fieldDefinitions?.length ?? 0} fields`);
          } catch (error) {
            if (!(error instanceof NotFoundError)) throw error;
            return fail(name, 'is not there', 'Run ensure-types (the chart does after each install).');
          }
        },
      };
    }),
    clockCheck('commercetools', side.CTP_API_URL, { fetch: asGlobalFetch(plainFetch) }),
  ];
}

function keysIn(text: string): number | undefined {
  try {
    const { keys } = JSON.parse(text) as { keys?: unknown };
    return Array.isArray(keys) && keys.length > 0 ? keys.length : undefined;
  } catch {
    return undefined;
  }
}
