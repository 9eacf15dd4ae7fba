import { adminOptions, createAdminServer, createHttpServer } from '@connector/http';
import { readConfig, run } from '@connector/lifecycle';
import { createLogger, startMetrics } from '@connector/telemetry';
import { configSchema } from './config.ts';
import { filesRoute } from './files-route.ts';

const SERVICE = 'enabler';

const config = readConfig(configSchema, process.env);
startMetrics(SERVICE);
const log = createLogger(SERVICE, config.LOG_LEVEL ?? config.LOGGER_LEVEL);
const server = createHttpServer({
  log,
  port: config.HTTP_PORT,
  routes: [filesRoute(config.ENABLER_FILES)],
  keepAliveMs: config.HTTP_KEEP_ALIVE_MS,
  health: { path: config.HTTP_HEALTH_PATH, parts: [] },
});
const admin = createAdminServer({ log, ...adminOptions(config), parts: [server] });

await run(log, [admin, server], config.SHUTDOWN_GRACE_MS);
