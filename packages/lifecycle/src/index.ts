export * from './config.ts';
export { collectGarbage } from './heap.ts';
export * from './lifecycle.ts';
export { followSecrets } from './secret-files.ts';
