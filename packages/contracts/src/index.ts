export * from './access.ts';
export * from './envelope.ts';
export * from './events.ts';
export * from './stripe-event-types.ts';
export * from './topics.ts';
