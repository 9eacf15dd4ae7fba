import type { Dashboard } from '../grafana.ts';
import { APIS } from './apis.ts';
import { EVENTS } from './events.ts';
import { KAFKA } from './kafka.ts';
import { OVERVIEW } from './overview.ts';
import { RUNTIME } from './runtime.ts';

export const DASHBOARDS: readonly Dashboard[] = [OVERVIEW, EVENTS, KAFKA, APIS, RUNTIME];
