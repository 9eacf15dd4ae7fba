/// <reference path="./types.d.ts" />
// The bundler and Node must both find the very class that kafkajs itself uses.
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/**
 * kafkajs 2.2.4 arms a timer for each broker connection even when nothing waits, with a negative delay: Node turns it into
 * 1 ms, warns, and an idle client burns 3 to 4 % of a core. Nothing waits and no throttle is active = no timer is needed.
 */
export function stopIdleTimers(): void {
  const { prototype } = RequestQueue;
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length === 0 && this.throttledUntil <= Date.now()) return;
    schedule.call(this);
  };
}
