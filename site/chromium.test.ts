// Every page in a real browser: light and dark, desktop and telephone, scripts on and off.
//
// The pages are those of the sample course and, when `npm run site` has built it, those of site/dist.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildSite } from './build.js'
import { serveSite } from './serve.js'
import { axeViolations, findChromium, launchChromium } from './testing/browser.js'
import { pretendToRun, writeSample } from './testing/sample.js'

test('the browser is the one that CHROME_PATH names, else one where systems keep it', () => {
  const only = (there: string) => (path: string) => path === there
  expect(findChromium({ CHROME_PATH: '/opt/c' }, only('/opt/c'))).toBe('/opt/c')
  expect(findChromium({}, only('/usr/bin/chromium'))).toBe('/usr/bin/chromium')
  expect(() => findChromium({ CHROME_PATH: '/gone' }, () => false)).toThrow('/gone, which is not there')
  expect(findChromium({}, () => false)).toBeUndefined()
  expect(() => findChromium({ CI: 'true' }, () => false)).toThrow('no Chromium found')
})

const DESKTOP = { width: 1280, height: 900 }
const TELEPHONE = { width: 390, height: 844 }

type Look = readonly [colours: 'light' | 'dark', screen: 'desktop' | 'telephone']
const EVERY_LOOK: readonly Look[] = [
  ['light', 'desktop'],
  ['light', 'telephone'],
  ['dark', 'desktop'],
  ['dark', 'telephone'],
]
/** What the colours do to a page the width does not, so each of both once is enough for pages of one make. */
const EACH_ONCE: readonly Look[] = [
  ['light', 'desktop'],
  ['dark', 'telephone'],
]

const executable = findChromium()
if (executable === undefined) {
  console.log('no Chromium found (set CHROME_PATH): no page was looked at in a browser')
} else {
  const root = writeSample()
  const sample = join(root, 'dist')
  await buildSite({ root, outDir: sample, cacheDir: join(root, '.cache'), run: pretendToRun() })
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium(executable)
  }, 60_000)
  afterAll(async () => {
    await browser.close()
    rmSync(root, { recursive: true })
  })
  const launched = (): Browser => browser

  describe('sample', () => lookAt(sample, launched, EVERY_LOOK))
  describe('sample, what scripts add', () => tryScripts(sample, launched))
  const built = fileURLToPath(new URL('dist', import.meta.url))
  if (existsSync(built)) describe('site/dist', () => lookAt(built, launched, EACH_ONCE))
  else console.log('site/dist is not built (npm run site): only the sample course was looked at')
}

interface Opened {
  readonly page: Page
  readonly complaints: string[]
  readonly close: () => Promise<void>
}

/** Opens a page; whatever the browser complains about or asks another host for is in `complaints`. */
async function open(browser: Browser, url: string, options: BrowserContextOptions): Promise<Opened> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    const to = new URL(request.url())
    if (to.protocol !== 'data:' && to.host !== new URL(url).host) complaints.push(`asked ${to.host}`)
  })
  await page.goto(url)
  return { page, complaints, close: () => context.close() }
}

/** The same window for one page after the other: a new one takes longer than what it is opened for. */
function windows(
  browser: () => Browser,
): (url: string, options: BrowserContextOptions) => Promise<Omit<Opened, 'close'>> {
  const opened = new Map<string, Opened>()
  afterAll(() => Promise.all([...opened.values()].map(({ close }) => close())))
  return async (url, options) => {
    const key = JSON.stringify(options)
    const window = opened.get(key)
    if (!window) {
      const first = await open(browser(), url, options)
      opened.set(key, first)
      return first
    }
    window.complaints.length = 0
    await window.page.goto(url)
    return window
  }
}

function withServer(dir: string): () => string {
  let site: { url: string; server: Server }
  beforeAll(async () => {
    site = await serveSite(dir)
  })
  afterAll(() => new Promise<void>((done) => void site.server.close(() => done())))
  return () => site.url
}

function lookAt(dir: string, browser: () => Browser, looks: readonly Look[]): void {
  const url = withServer(dir)
  const see = windows(browser)
  const paths = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.html'),
  )

  for (const path of paths.map((found) => found.replaceAll('\\', '/'))) {
    test.each(looks)(
      `${path}: axe finds nothing, nothing scrolls sideways, in %s colours on a %s`,
      async (colorScheme, screen) => {
        const viewport = screen === 'desktop' ? DESKTOP : TELEPHONE
        const { page, complaints } = await see(url() + path, { colorScheme, viewport })
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width)
        expect(await axeViolations(page)).toEqual([])
        expect(complaints).toEqual([])
      },
      60_000,
    )

    test(`${path}: with scripts off, everything is there to read`, async () => {
      const on = await see(url() + path, { viewport: DESKTOP })
      const off = await see(url() + path, { viewport: DESKTOP, javaScriptEnabled: false })
      const words = (text: string): string => text.replace(/\s+/g, ' ')
      const read = await off.page.innerText('main')
      await on.page.evaluate(`document.querySelectorAll('button').forEach((button) => button.remove())`)
      expect(read.length).toBeGreaterThan(100)
      expect(words(read)).toBe(words(await on.page.innerText('main')))
      expect(await off.page.isVisible('button.theme')).toBe(false)
      expect(off.complaints).toEqual([])
    }, 60_000)
  }
}

function tryScripts(dir: string, browser: () => Browser): void {
  const url = withServer(dir)
  const chapter = (): string => `${url()}chapters/01-wal.html`

  test('the theme that a reader chose is there before the first paint of the next page', async () => {
    const { page, complaints, close } = await open(browser(), chapter(), { colorScheme: 'light' })
    const ground = (): Promise<string> =>
      page.evaluate('getComputedStyle(document.documentElement).backgroundColor')
    const light = await ground()
    await page.click('button.theme')
    expect(await ground()).not.toBe(light)
    expect(await page.getAttribute('button.theme', 'aria-label')).toBe('Switch to light colours')

    await page.addInitScript(`document.addEventListener('readystatechange', () => {
      window.early ??= document.documentElement.dataset.theme ?? 'none' })`)
    await page.goto(`${url()}chapters/02-lsn.html`)
    expect(await page.evaluate('window.early')).toBe('dark')
    expect(complaints).toEqual([])
    await close()
  }, 60_000)

  test('a code cell can be copied', async () => {
    const permissions = ['clipboard-read', 'clipboard-write']
    const { page, close } = await open(browser(), chapter(), { permissions })
    await page.click('#cell-2 button.copy', { force: true })
    await page.waitForSelector('[role=status]:has-text("Copied")', { state: 'attached' })
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
      'console.log(hexdump(segment.subarray(0, 544)))',
    )
    await close()
  }, 60_000)

  test('a wide output scrolls in its own box with the keyboard; a box that fits takes no focus', async () => {
    const { page, close } = await open(browser(), chapter(), { viewport: TELEPHONE })
    const dump = page.locator('#cell-2 .out .scroll')
    expect(await dump.getAttribute('aria-label')).toBe('Output of cell 2')
    await dump.focus()
    await page.keyboard.press('ArrowRight')
    // Asked from outside: a page under our policy evaluates no string, so it cannot poll by itself.
    const scrolled = (): Promise<number> => dump.evaluate((box) => box.scrollLeft)
    await expect.poll(scrolled).toBeGreaterThan(0)

    await page.setViewportSize({ width: 1280, height: 900 })
    const stop = (): Promise<string | null> => page.getAttribute('#cell-2 .in .scroll', 'tabindex')
    await expect.poll(stop).toBeNull()
    await close()
  }, 60_000)

  test('the skip link is the first stop and leads to the text', async () => {
    const { page, close } = await open(browser(), chapter(), {})
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the text')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
    await close()
  }, 60_000)

  test('on paper there is no furniture, and nothing is cut off', async () => {
    const { page, close } = await open(browser(), chapter(), { viewport: DESKTOP, colorScheme: 'dark' })
    await page.emulateMedia({ media: 'print' })
    expect(await page.isVisible('.ribbon')).toBe(false)
    expect(await page.isVisible('button.theme')).toBe(false)
    expect(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')).toBe(
      'rgb(255, 255, 255)',
    )
    const cut = await page.evaluate<number>(
      `[...document.querySelectorAll('.scroll')].filter((box) => box.scrollHeight > box.clientHeight + 1).length`,
    )
    expect(cut).toBe(0)
    await close()
  }, 60_000)
}
