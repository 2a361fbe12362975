import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const css = readFileSync(new URL('palette.css', import.meta.url), 'utf8')
const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
const palette = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [
    name as string,
    { light: light as string, dark: dark as string },
  ]),
)

/** Relative luminance and contrast as WCAG 2 defines them. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

const TEXT = ['ink', 'muted', 'accent', 'wal', 'page', 'ok', 'bad']
const GROUNDS = ['paper', 'panel', 'accent-soft', 'wal-soft', 'page-soft', 'ok-soft', 'bad-soft']

test('the contrast is computed as WCAG does', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
})

test.each(['light', 'dark'] as const)('every text colour is readable on every ground: %s', (theme) => {
  for (const text of TEXT) {
    for (const ground of GROUNDS) {
      const colours = [palette.get(text)?.[theme], palette.get(ground)?.[theme]] as [string, string]
      expect(contrast(...colours), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
    }
  }
})

test('the fallbacks that figures are told to use are the light colours', () => {
  for (const [name, { light }] of palette) {
    if (name.endsWith('-soft')) expect(readme).toContain(light)
    else expect(readme).toMatch(new RegExp(`\`--${name}\`.*\`${light}\``))
  }
})
