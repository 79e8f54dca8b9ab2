import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
    // no test changes a module's state, and loading viem anew for each file takes a fifth of the time
    isolate: false,
    setupFiles: [fileURLToPath(new URL('properties.setup.ts', import.meta.url))],
    globalSetup: [fileURLToPath(new URL('packages.setup.ts', import.meta.url))],
  },
})
