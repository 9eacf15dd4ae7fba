export * from './admin-server.ts';
export { type Answer, asGlobalFetch, type Fetch } from './answer.ts';
export type { PushbackOf } from './call-limiter.ts';
export { type Claim, JOB, SOMEBODY_WAITS, withClaim } from './claim.ts';
export * from './correlation.ts';
export * from './http-client.ts';
export * from './http-server.ts';
export * from './single-flight.ts';
