/** Says a step, one line each, with the seconds since the program started. */
export function say(step: string): void

/**
 * Installs and builds what is missing: npm's packages, JupyterLab in .venv, the engine.
 *
 * @param tell called with each step as it begins; prints it when not given
 * @throws Refusal when Python has to be installed first, or an installation fails
 */
export function prepare(tell?: (step: string) => void): Promise<void>
