export * from './config.ts';
export * from './lifecycle.ts';
