// Loaded when it is needed. A bundle gives out the default export alone of a CommonJS package that is imported dynamically; of a module
// of our own it gives out the names.
export { EnvHttpProxyAgent } from 'undici';
