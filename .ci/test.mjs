/** `npm test`: everything that must hold. Parts of it: npm test -- --only types,unit. See parts.mjs. */

import { checkNode } from '../.jupyter/nodeVersion.mjs'

if (checkNode('npm test')) import('./runParts.mjs').then(({ main }) => main(process.argv.slice(2)))
else process.exitCode = 1
