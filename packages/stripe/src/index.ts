export * from './client.ts';
export * from './config.ts';
export * from './errors.ts';
export type * from './linked-objects.ts';
export * from './operation.ts';
export * from './signed-probe.ts';
export * from './webhook-endpoint.ts';
export * from './webhook-endpoints.ts';
