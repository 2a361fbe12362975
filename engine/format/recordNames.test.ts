import { expect, test } from 'vitest'
import { resourceManagers } from '../redo/resourceManagers.js'
import { operationName, resourceManagerId, resourceManagerName, resourceManagerNames } from './recordNames.js'

test('names are found by id, ids by name in any case', () => {
  expect(resourceManagerNames).toHaveLength(22)
  expect(resourceManagerName(9)).toBe('Heap2')
  expect(resourceManagerId('heap2')).toBe(9)
  expect(resourceManagerName(200)).toBe('custom200')
  expect(resourceManagerId('custom200')).toBe(200)
  for (const name of ['custom127', 'custom256', 'custom1', 'Heap3', ''])
    expect(resourceManagerId(name)).toBeUndefined()
})

test('operations have PostgreSQL’s names, also where a bit is only an addition', () => {
  expect(operationName(10, 0x80)).toBe('INSERT+INIT')
  expect(operationName(10, 0x90)).toBe('UNKNOWN (90)') // a page made anew by a DELETE: no such thing
  expect(operationName(10, 0x50)).toBe('HEAP_CONFIRM')
  expect(operationName(1, 0x80)).toBe('COMMIT')
  expect(operationName(1, 0xb0)).toBe('COMMIT_PREPARED')
  expect(operationName(0, 0xc0)).toBe('UNKNOWN (c0)')
  expect(operationName(12, 0xc1)).toBe('VACUUM_ONE_PAGE') // the low half is not the resource manager's
})

test('redo calls its resource managers and operations the same', () => {
  for (const manager of resourceManagers) {
    expect(manager.name).toBe(resourceManagerName(manager.id))
    if (!manager.redo) continue
    for (let info = 0; info <= 0xf0; info += 0x10) {
      if (manager.id === 1 && info & 0x80) continue
      expect(manager.identify(info) ?? `UNKNOWN (${info.toString(16)})`).toBe(operationName(manager.id, info))
    }
  }
})
