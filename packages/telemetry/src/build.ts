/**
 * Version and revision of the running build. An image's build sets both (Dockerfile). Outside an image the version is
 * that of the npm package, and there is no revision.
 */
export const BUILD = {
  version: process.env.VERSION ?? process.env.npm_package_version ?? '0.0.0',
  revision: process.env.REVISION ?? 'unknown',
};
