import { defineConfig } from 'vite';

/** `VITE_*` variables never reach the bundle: the library reads no environment, and gets all settings at run time. */
export default defineConfig({
  publicDir: false,
  envPrefix: 'CONNECTOR_ENABLER_NONE_',
  build: {
    outDir: 'public',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: true,
    minify: true,
    reportCompressedSize: true,
    lib: {
      entry: 'src/main.ts',
      name: 'Connector',
      formats: ['es', 'umd'],
      fileName: (format) => `connector-enabler.${format}.js`,
    },
  },
});
