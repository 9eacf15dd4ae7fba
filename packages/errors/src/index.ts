export * from './errors.ts';
export * from './retry.ts';
