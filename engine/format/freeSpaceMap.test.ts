import { expect, test } from 'vitest'
import { FSM_LEAF_NODES, FSM_NODES, freeBytes, freeSpaceMapBlock, freeSpaceMapPage } from './freeSpaceMap.js'

test('the numbers of fsm_internals.h for pages of 8 kB', () => {
  expect([FSM_NODES, FSM_LEAF_NODES]).toEqual([8164, 4069])
  expect([0, 1, 254, 255].map(freeBytes)).toEqual([0, 32, 8128, 8160])
})

test('where the pages of each level stand', () => {
  expect([0, 1, 2, 3, 4070, 4071, 4072].map(freeSpaceMapPage)).toEqual([
    { level: 2, page: 0 },
    { level: 1, page: 0 },
    { level: 0, page: 0 },
    { level: 0, page: 1 },
    { level: 0, page: 4068 },
    { level: 1, page: 1 },
    { level: 0, page: 4069 },
  ])
})

test('a bottom page is found again at its block', () => {
  for (const leaf of [0, 1, 4068, 4069, 8137, 8138, 123_456, 1_055_000])
    expect(freeSpaceMapPage(freeSpaceMapBlock(leaf))).toEqual({ level: 0, page: leaf })
})
