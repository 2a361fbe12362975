/** What is wrong with the material, in one sentence that names the place. The command prints it without a stack. */
export class SiteError extends Error {
  override readonly name = 'SiteError'
}
