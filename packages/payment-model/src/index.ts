export * from './customer-fields.ts';
export * from './keys.ts';
export * from './metadata.ts';
export * from './money.ts';
export * from './release.ts';
export * from './transactions.ts';
export * from './voucher.ts';
