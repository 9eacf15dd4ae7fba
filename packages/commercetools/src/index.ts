export * from './carts.ts';
export * from './client.ts';
export * from './config.ts';
export * from './errors.ts';
export * from './operation.ts';
export * from './predicates.ts';
export * from './tokens.ts';
export * from './types.ts';
