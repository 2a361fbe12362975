/** All scenes, by name. */
import { bank, bankWithoutImages } from './bank.js'
import { migration } from './migration.js'
import type { Scene } from './scene.js'

export const scenes = {
  bank,
  'bank-without-images': bankWithoutImages,
  migration,
} as const satisfies Record<string, Scene>

export type SceneName = keyof typeof scenes
