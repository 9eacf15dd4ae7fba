/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type { PaymentIntentView, StripeError } from './errors.ts';

declare const SIMULATOR_URL: string;

export type Result<T> = { value: T; error?: undefined } | { value?: undefined; error: StripeError };
export type FormValue = string | number | boolean | null | undefined | FormValue[] | { [key: string]: FormValue };

const UNREACHABLE: StripeError = {
  type: 'api_connection_error',
  message:
    'We are experiencing issues connecting to our payments provider. You have not been charged. Please check your internet connection and try again.',
};

/** Calls of Stripe's API that a shopper's page may make; every failure comes back as an error object. */
export class Api {
  readonly #key: string;

  constructor(publishableKey: string) {
    this.#key = publishableKey;
  }

  get<T>(path: string, query: Record<string, FormValue>): Promise<Result<T>> {
    const text = encode(query).toString();
    return this.#call(`${path}${text ? `?${text}` : ''}`, {});
  }

  post<T>(path: string, body: Record<string, FormValue>): Promise<Result<T>> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#call(path, { method: 'POST', headers, body: encode(body).toString() });
  }

  retrieve(clientSecret: string): Promise<Result<PaymentIntentView>> {
    return this.get(`/v1/payment_intents/${idOf(clientSecret)}`, { client_secret: clientSecret });
  }

  /** Tells the simulated bank what the shopper did in the dialog. */
  finishAction(clientSecret: string, outcome: 'complete' | 'fail'): Promise<Result<unknown>> {
    const query = encode({ client_secret: clientSecret, outcome, dialog: true });
    return this.#call(`/_sandbox/3ds/${idOf(clientSecret)}/finish?${query}`, { method: 'POST' });
  }

  async #call<T>(path: string, init: RequestInit): Promise<Result<T>> {
    let response: Response;
    let body: unknown;
    try {
      const headers = { ...init.headers, authorization: `Bearer ${this.#key}` };
      response = await fetch(`${SIMULATOR_URL}${path}`, { ...init, headers });
      body = await response.json();
    } catch {
      return { error: UNREACHABLE };
    }
    if (response.ok) return { value: body as T };
    const { error } = body as { error?: StripeError };
    return { error: error ?? { type: 'api_error', message: 'An unexpected error occurred. Please try again.' } };
  }
}

export const idOf = (clientSecret: string): string => clientSecret.split('_secret_')[0] ?? '';

/** The page where the shopper goes on, seen through the address that this script was given. */
export function shopperUrl(url: string): string {
  const at = url.indexOf('/_sandbox/');
  return at < 0 ? url : `${SIMULATOR_URL}${url.slice(at)}`;
}

function encode(values: Record<string, FormValue>): URLSearchParams {
  const form = new URLSearchParams();
  const add = (name: string, value: FormValue): void => {
    if (value === undefined || value === null) return;
    if (Array.isArray(value)) value.forEach((entry, index) => void add(`${name}[${index}]`, entry));
    else if (typeof value === 'object') for (const key of Object.keys(value)) add(`${name}[${key}]`, value[key]);
    else form.append(name, String(value));
  };
  for (const name of Object.keys(values)) add(name, values[name]);
  return form;
}
