import { defineConfig } from 'vitest/config'

const elsewhere = ['**/node_modules/**', '**/dist/**', '.venv/**', '.cache/**']

// The Jupyter tests need JupyterLab, which their set-up installs once. The others start at once.
export default defineConfig({
  test: {
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 240_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'course',
          include: ['**/*.test.ts'],
          exclude: [...elsewhere, '.jupyter/**', '.ci/**', 'site/**'],
        },
      },
      {
        extends: true,
        test: { name: 'site', include: ['site/**/*.test.ts'], exclude: elsewhere },
      },
      {
        extends: true,
        test: {
          name: 'jupyter',
          include: ['.jupyter/**/*.test.ts', '.ci/**/*.test.ts'],
          exclude: elsewhere,
          globalSetup: '.jupyter/testing/installed.ts',
          testTimeout: 240_000,
        },
      },
    ],
  },
})
