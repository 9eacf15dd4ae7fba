import { register } from '@connector/telemetry';
import { beforeAll } from 'vitest';

// Test files that follow each other in one process count from 0 each.
beforeAll(() => register.resetMetrics());
