export * from './options.ts';
export * from './output.ts';
export * from './table.ts';
