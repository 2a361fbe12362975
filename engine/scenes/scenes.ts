/** All scenes, by name. */
import { bank } from './bank.js'
import type { Scene } from './scene.js'

export const scenes = { bank } as const satisfies Record<string, Scene>

export type SceneName = keyof typeof scenes
