/** See temporaryFolder.mjs. */
export function useTemporaryFolder(): void
