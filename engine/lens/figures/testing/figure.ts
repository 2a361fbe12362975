// A figure, read back: its words, its boxes, and what no figure may have.

import { expect } from 'vitest'
import { textWidth, WIDTH } from '../svg.js'

export interface DrawnText {
  readonly words: string
  readonly left: number
  readonly right: number
  readonly y: number
}

export interface DrawnBox {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly fill: string
}

const attribute = (tag: string, name: string): string => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1] ?? ''
const unescapeXml = (words: string): string =>
  words
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')

/** All words of a figure, where they stand. */
export function textsOf(svg: string): DrawnText[] {
  return [...svg.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)].map(([, tag, escaped]) => {
    const words = unescapeXml(escaped)
    const mono = attribute(tag, 'font-family').includes('--mono')
    const width = textWidth(words, { size: Number(attribute(tag, 'font-size')), mono })
    const x = Number(attribute(tag, 'x'))
    const left =
      { start: x, '': x, middle: x - width / 2, end: x - width }[attribute(tag, 'text-anchor')] ?? NaN
    return { words, left, right: left + width, y: Number(attribute(tag, 'y')) }
  })
}

/** The words alone, one after another. */
export const wordsOf = (svg: string): string[] => textsOf(svg).map(({ words }) => words)

/** All rectangles but the background. */
export function boxesOf(svg: string): DrawnBox[] {
  return [...svg.matchAll(/<rect([^>]*)\/>/g)]
    .map(([, tag]) => tag)
    .filter((tag) => attribute(tag, 'width') !== '100%')
    .map((tag) => ({
      x: Number(attribute(tag, 'x')),
      y: Number(attribute(tag, 'y')),
      width: Number(attribute(tag, 'width')),
      height: Number(attribute(tag, 'height')),
      fill: attribute(tag, 'fill'),
    }))
}

/** What holds for every figure: named for those who do not see it, nothing outside its frame, nothing that pages refuse. */
export function expectSoundFigure(svg: string): void {
  const [, width, height] = /^<svg [^>]*viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? []
  expect(Number(width)).toBe(WIDTH)
  expect(svg).toMatch(/^<svg [^>]*role="img"[^>]*>\s*<title>[^<]{10,}<\/title>/)
  expect(svg).not.toMatch(/<(script|style|image|foreignObject)|\s(style|href|on\w+)=|NaN|undefined|Infinity/)
  for (const { words, left, right, y } of textsOf(svg)) {
    expect(left, words).toBeGreaterThanOrEqual(0)
    expect(right, words).toBeLessThanOrEqual(WIDTH)
    expect(y, words).toBeLessThanOrEqual(Number(height))
  }
  for (const box of boxesOf(svg)) {
    expect(box.x).toBeGreaterThanOrEqual(0)
    expect(box.x + box.width).toBeLessThanOrEqual(WIDTH + 0.5)
    expect(box.y + box.height).toBeLessThanOrEqual(Number(height) + 0.5)
  }
}
