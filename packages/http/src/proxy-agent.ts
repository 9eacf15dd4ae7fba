// Loaded on demand. In a bundle, a dynamic import of a CommonJS package has only the default export; an import of this
// module has the names.
export { EnvHttpProxyAgent } from 'undici';
