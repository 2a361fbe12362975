// Labels that belong to places on a line, put on as many levels as they need so that none covers another.
//
//   ├──┬─┬┬──────────┬──┤
//      │ ││          │
//     aaa│cccc      ddd        level 0
//       bbb                    level 1

export interface WantedLabel {
  /** Where on the line it belongs. */
  readonly at: number
  readonly width: number
}

export interface PlacedLabel {
  /** Left end and centre of the label. */
  readonly left: number
  readonly centre: number
  readonly level: number
}

const GAP = 6

/** Places labels, given in the order of their places, between `left` and `right`; each on the first level with room. */
export function placeLabels(wanted: readonly WantedLabel[], left: number, right: number): PlacedLabel[] {
  const occupied: number[] = [] // for each level, where its last label ends
  return wanted.map(({ at, width }) => {
    const start = Math.max(left, Math.min(at - width / 2, right - width))
    let level = occupied.findIndex((end) => end + GAP <= start)
    if (level < 0) level = occupied.length
    occupied[level] = start + width
    return { left: start, centre: start + width / 2, level }
  })
}

/** Number of levels that a set of placed labels takes. */
export function levelsOf(placed: readonly PlacedLabel[]): number {
  return placed.reduce((most, { level }) => Math.max(most, level + 1), 0)
}
