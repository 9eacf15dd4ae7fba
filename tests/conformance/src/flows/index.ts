import { CARTS } from './carts.ts';
import { COMMANDS } from './commands.ts';
import { CUSTOMERS } from './customers.ts';
import type { Flow } from './flow.ts';
import { MERCHANTS } from './merchants.ts';
import { SHOPPERS } from './shoppers.ts';

/** All that is recorded, in this order: the commands look at what the others leave. */
export const FLOWS: readonly Flow[] = [...SHOPPERS, ...CARTS, ...MERCHANTS, ...CUSTOMERS, ...COMMANDS];
