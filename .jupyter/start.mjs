/** `npm start`: installs what is missing and opens the course in JupyterLab. Options: npm start -- --help */

import { checkNode } from './nodeVersion.mjs'

if (checkNode('npm start')) import('./jupyterLab.mjs').then(({ main }) => main(process.argv.slice(2)))
else process.exitCode = 1
