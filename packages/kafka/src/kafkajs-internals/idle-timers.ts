/// <reference path="./types.d.ts" />
// Both the bundler and Node must find the same class that kafkajs itself uses.
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/**
 * kafkajs 2.2.4 starts a timer for each broker connection even when nothing waits, with a negative delay. Node turns
 * the delay into 1 ms and warns, and an idle client uses 3 to 4 % of a core. No timer is needed when nothing waits and
 * no throttle is active.
 */
export function stopIdleTimers(): void {
  const { prototype } = RequestQueue;
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length === 0 && this.throttledUntil <= Date.now()) return;
    schedule.call(this);
  };
}
