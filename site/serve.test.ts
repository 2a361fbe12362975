import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fileFor, serveSite } from './serve.js'

const parent = mkdtempSync(join(tmpdir(), 'pgcrash-serve-'))
const dir = join(parent, 'dist')
let site: Awaited<ReturnType<typeof serveSite>>

beforeAll(async () => {
  mkdirSync(join(dir, 'chapters'), { recursive: true })
  writeFileSync(join(dir, 'index.html'), 'first')
  writeFileSync(join(dir, '404.html'), 'missing')
  writeFileSync(join(dir, 'icon.svg'), '<svg/>')
  writeFileSync(join(parent, 'secret'), 'secret')
  site = await serveSite(dir)
})

afterAll(async () => {
  await new Promise((done) => site.server.close(done))
  rmSync(parent, { recursive: true })
})

test.each([
  ['', 200, 'text/html; charset=utf-8', 'first'],
  ['icon.svg?x#y', 200, 'image/svg+xml', '<svg/>'],
  ['chapters', 404, 'text/html; charset=utf-8', 'missing'],
  ['%E0%A4%A', 404, 'text/html; charset=utf-8', 'missing'],
])('/%s answers %d', async (path, status, type, body) => {
  const response = await fetch(site.url + path)
  expect([response.status, response.headers.get('content-type')]).toEqual([status, type])
  expect(await response.text()).toBe(body)
})

test('nothing outside the folder is served', () => {
  for (const url of ['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/chapters/../../secret', '/\0']) {
    expect(fileFor(dir, url), url).toBeUndefined()
  }
  expect(fileFor(dir, '/index.html')).toBe(join(dir, 'index.html'))
})

test('only reading is answered, and only on loopback', async () => {
  expect((await fetch(site.url, { method: 'POST' })).status).toBe(405)
  expect(site.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/)
})
