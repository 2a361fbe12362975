import { expect, test } from 'vitest'
import { cspHash, readTheme, squeezeCss, squeezeScript } from './theme.js'

test('a stylesheet loses its comments and nothing else', () => {
  expect(squeezeCss('/* x */\n.a > .b,\n.c {\n  margin: 0 calc(1px + 2px);\n  color: red;\n}\n')).toBe(
    '.a > .b,.c{margin: 0 calc(1px + 2px);color: red}',
  )
})

test('a script keeps its lines, so that no statement meets the next', () => {
  expect(squeezeScript('// why\n{\n  const a = 1 // kept\n\n  a\n}\n')).toBe('{\nconst a = 1 // kept\na\n}')
})

test('the hash is the one browsers compute', () => {
  // openssl dgst -sha256 -binary, of the empty text
  expect(cspHash('')).toBe("'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='")
})

test('the theme fits beside a chapter: under 6 KB as text that compresses four to one', () => {
  const { css, earlyScript, pageScript } = readTheme()
  expect(css.length + earlyScript.length + pageScript.length).toBeLessThan(24_000)
  expect(css).not.toContain('url(')
  expect(css).not.toContain('@import')
})
