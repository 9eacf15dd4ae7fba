export * from './options.ts';
export * from './table.ts';
