import { expect, test } from 'vitest'
import { isTemporaryRelationName, parseRelationFileName } from './relationPath.js'

test.each([
  ['16384', { relNumber: 16384, fork: 0, segment: 0 }],
  ['16384_vm.1', { relNumber: 16384, fork: 2, segment: 1 }],
  ['4294967295_init.4294967295', { relNumber: 4294967295, fork: 3, segment: 4294967295 }],
  ['t3_16390_fsm', { relNumber: 16390, fork: 1, segment: 0, backend: 3 }],
])('%s is a relation', (name, file) => expect(parseRelationFileName(name)).toEqual(file))

test.each([
  '016384',
  '0',
  '4294967296',
  '16384.0',
  '16384.01',
  '16384.4294967296',
  '16384_main',
  '16384_vm_fsm',
  '16384.1_vm',
  '16384_',
  '16384.',
  ' 16384',
  'PG_VERSION',
])('%s is none', (name) => expect(parseRelationFileName(name)).toBeUndefined())

// fd.c counts digits where reinit.c reads numbers.
test.each(['t3_16390', 't0_0', 't007_016390_init.007', 't1_99999999999'])('%s is temporary', (name) =>
  expect(isTemporaryRelationName(name)).toBe(true),
)

test.each([
  '16390',
  't_16390',
  't3_',
  't3_16390_main',
  't3_16390.',
  't3_16390.1_fsm',
  'tt3_16390',
  't3_16390 ',
])('%s is not temporary', (name) => expect(isTemporaryRelationName(name)).toBe(false))
