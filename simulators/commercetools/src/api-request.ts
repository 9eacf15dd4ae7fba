import type { Caller } from './auth.ts';
import type { Address } from './collection.ts';
import { ApiError } from './errors.ts';

/** One API call below `/{projectKey}`. */
export interface ApiRequest {
  method: string;
  /** First path segment, such as `carts`. */
  collection: string;
  /** Set when the path names one resource and nothing below it. */
  address: Address | undefined;
  /** Path and query, unchanged. */
  url: string;
  params: URLSearchParams;
  body: unknown;
  clientId: string;
  /** Throws ApiError 403 insufficient_scope when the caller has none of these scopes. */
  needOneOf: Caller['needOneOf'];
}

export interface ApiResponse {
  status: number;
  body: unknown;
}

export const ok = (body: unknown): ApiResponse => ({ status: 200, body });
export const created = (body: unknown): ApiResponse => ({ status: 201, body });

export const notAllowed = ({ method, url }: ApiRequest): ApiError =>
  new ApiError(405, 'General', `Method ${method} is not allowed for ${url}.`);
