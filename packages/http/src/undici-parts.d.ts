/** Parts of undici that its index gives too; its version is pinned exactly for that reason. */
declare module 'undici/lib/dispatcher/agent.js' {
  export { Agent as default } from 'undici';
}
