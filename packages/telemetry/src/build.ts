/** What runs. An image's build sets both (Dockerfile); outside an image the version is the one that npm runs, and there is no revision. */
export const BUILD = {
  version: process.env.VERSION ?? process.env.npm_package_version ?? '0.0.0',
  revision: process.env.REVISION ?? 'unknown',
};
