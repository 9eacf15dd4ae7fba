/** The one internal of kafkajs that is touched; its version is pinned exactly for that reason. */
declare module 'kafkajs/src/network/requestQueue/index.js' {
  class RequestQueue {
    pending: unknown[];
    throttledUntil: number;
    scheduleCheckPendingRequests(): void;
  }
  export default RequestQueue;
}
