export * from './errors.ts';
export * from './or-undefined.ts';
export * from './reasons.ts';
export * from './retry.ts';
