import type { Type, TypeDraft } from '@commercetools/platform-sdk';
import { basicCredentials, type Commercetools, customTypes, DEFAULT_REGION, regionOf } from '@connector/commercetools';
import { orUndefined } from '@connector/errors';
import { asGlobalFetch } from '@connector/http';
import { type Check, type Finding, fail, ok, warn } from './checkup.ts';
import { clockCheck } from './clock.ts';
import { scopeFindings, tokenAdvice, tokenFinding } from './commercetools-token.ts';
import type { CommercetoolsSide } from './config.ts';

/** The checks of commercetools: region, token and scopes, each API, the custom types, the clock. */
export function commercetoolsChecks(side: CommercetoolsSide, commercetools: Commercetools): Check[] {
  return [
    { name: 'region', run: async () => regionFinding(side) },
    { name: 'token', run: () => tokenFindings(side, commercetools) },
    ...apiChecks(side, commercetools),
    { name: 'introspection', run: () => introspectionFinding(side, commercetools) },
    { name: 'JWKS', run: () => jwksFindings(side, commercetools) },
    ...typeChecks(side, commercetools),
    clockCheck('commercetools', side.CTP_API_URL, { fetch: asGlobalFetch(commercetools.plainFetch) }),
  ];
}

/** The region of each API address; all APIs of a project are in one region. */
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

/** The token's project and scopes; for a refusal with a known reason, also what to do. */
async function tokenFindings(
  side: CommercetoolsSide,
  { tokens, projectKey }: Pick<Commercetools, 'tokens' | 'projectKey'>,
): Promise<Finding[]> {
  try {
    const { scope } = await tokens.request();
    return [
      tokenFinding(scope, projectKey),
      ...scopeFindings(scope, projectKey, { asked: side.CTP_SCOPE, settle: side.ORDERS_SETTLE }),
    ];
  } catch (error) {
    const todo = tokenAdvice(error, side);
    if (todo === undefined) throw error;
    return [fail('token', (error as Error).message, todo)];
  }
}

const HTTP_API = 'HTTP API';

/** Checks that each API of the project accepts the token. */
function apiChecks(
  side: CommercetoolsSide,
  { projectKey, fetch }: Pick<Commercetools, 'projectKey' | 'fetch'>,
): Check[] {
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
  return [
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
  ];
}

async function introspectionFinding(
  side: CommercetoolsSide,
  { tokens, plainFetch }: Pick<Commercetools, 'tokens' | 'plainFetch'>,
): Promise<Finding> {
  const { accessToken } = await tokens.get();
  const { status } = await plainFetch(`${side.CTP_AUTH_URL}/oauth/introspect`, {
    method: 'POST',
    headers: {
      authorization: basicCredentials(side.CTP_CLIENT_ID, side.CTP_CLIENT_SECRET),
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams({ token: accessToken }),
  });
  if (status === 200) return ok('introspection', 'answers');
  return fail('introspection', `answered ${status}`, 'The API client needs introspect_oauth_tokens.');
}

/** Checks that the keys of Checkout's tokens can be read, and come from their issuer's host. */
async function jwksFindings(
  { CTP_JWKS_URL, CTP_JWT_ISSUER }: CommercetoolsSide,
  { plainFetch }: Pick<Commercetools, 'plainFetch'>,
): Promise<Finding[]> {
  const answer = await plainFetch(CTP_JWKS_URL);
  const text = await answer.text();
  const count = answer.status === 200 ? keysIn(text) : undefined;
  if (!count)
    return [
      fail(
        'JWKS',
        `${CTP_JWKS_URL} answered ${answer.status} without keys`,
        'CTP_JWKS_URL must be that of the region, …/.well-known/jwks.json.',
      ),
    ];
  const isSameHost = URL.canParse(CTP_JWT_ISSUER) && new URL(CTP_JWT_ISSUER).host === new URL(CTP_JWKS_URL).host;
  return [
    ok('JWKS', `${count} keys`),
    isSameHost
      ? ok('JWT issuer', CTP_JWT_ISSUER)
      : warn(
          'JWT issuer',
          `${CTP_JWT_ISSUER} is not where the keys are`,
          'CTP_JWT_ISSUER and CTP_JWKS_URL are usually of one host, https://mc-api.<region>.commercetools.com.',
        ),
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

/** Checks that each of our custom types exists, with our fields and for our resource types. */
function typeChecks(side: CommercetoolsSide, { api, call }: Pick<Commercetools, 'api' | 'call'>): Check[] {
  const types = customTypes({
    customer: side.CT_CUSTOM_TYPE_STRIPE_CUSTOMER_KEY,
    purchaseOrder: side.CT_CUSTOM_TYPE_LAUNCHPAD_PURCHASE_ORDER_KEY,
  });
  return types.map((wanted) => ({
    name: `type ${wanted.key}`,
    run: async () => {
      const type = await orUndefined(call('types.get', api.types().withKey({ key: wanted.key }).get()));
      return typeFinding(wanted, type);
    },
  }));
}

function typeFinding(wanted: TypeDraft, type: Type | undefined): Finding {
  const name = `type ${wanted.key}`;
  if (!type) return fail(name, 'is not there', 'Run ensure-types (the chart does after each install).');
  const elsewhere = wanted.resourceTypeIds.filter((id) => !type.resourceTypeIds.includes(id));
  if (elsewhere.length > 0)
    return fail(
      name,
      `is not for ${elsewhere.join(', ')}`,
      'Another type has this key: choose another key, or remove that type.',
    );
  const known = new Set(type.fieldDefinitions.map((field) => field.name));
  const missing = (wanted.fieldDefinitions ?? []).filter((field) => !known.has(field.name));
  if (missing.length > 0)
    return fail(
      name,
      `lacks ${missing.map((field) => field.name).join(', ')}`,
      'Run ensure-types (the chart does after each upgrade).',
    );
  return ok(name, `there, with ${wanted.fieldDefinitions?.length ?? 0} fields`);
}
