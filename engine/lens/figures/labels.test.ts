import { expect, test } from 'vitest'
import { levelsOf, placeLabels } from './labels.js'

test('labels far apart stand in one row; one that would cover another goes a level further', () => {
  const placed = placeLabels(
    [
      { at: 50, width: 60 },
      { at: 200, width: 60 },
      { at: 220, width: 60 },
    ],
    0,
    720,
  )
  expect(placed.map(({ level }) => level)).toEqual([0, 0, 1])
  expect(levelsOf(placed)).toBe(2)
})

test('no two labels of a level touch, and none leaves the figure', () => {
  const wanted = Array.from({ length: 40 }, (_, i) => ({ at: i * 18, width: 30 + ((i * 37) % 60) }))
  const placed = placeLabels(wanted, 4, 716)
  placed.forEach((label, i) => {
    expect(label.left).toBeGreaterThanOrEqual(4)
    expect(label.left + wanted[i].width).toBeLessThanOrEqual(716)
    placed.slice(i + 1).forEach((other) => {
      if (other.level === label.level) expect(other.left).toBeGreaterThan(label.left + wanted[i].width)
    })
  })
})
