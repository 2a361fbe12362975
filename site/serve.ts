// A small static server on loopback, to look at what was built. No cache, no directory listing, GET and HEAD only.

import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize, sep } from 'node:path'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ipynb': 'application/x-ipynb+json',
}

/** Serves `dir` on 127.0.0.1; port 0 takes a free one. The URL ends in a slash; close the server when done. */
export function serveSite(dir: string, port = 0): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405)
    const file = fileFor(dir, request.url ?? '/')
    if (file === undefined) return sendFile(response, join(dir, '404.html'), 404)
    return sendFile(response, file, 200)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const { port: taken } = server.address() as AddressInfo
      resolve({ url: `http://127.0.0.1:${taken}/`, server })
    })
  })
}

/** The file that a URL means, undefined when there is none inside `dir`. */
export function fileFor(dir: string, url: string): string | undefined {
  let path: string
  try {
    path = decodeURIComponent(url.split(/[?#]/)[0] ?? '/')
  } catch {
    return undefined
  }
  const file = join(dir, normalize(path.endsWith('/') ? `${path}index.html` : path))
  const inside = file.startsWith(dir.endsWith(sep) ? dir : dir + sep)
  return inside && !path.includes('\0') && existsSync(file) && statSync(file).isFile() ? file : undefined
}

function send(response: ServerResponse, status: number): void {
  response.writeHead(status).end()
}

function sendFile(response: ServerResponse, file: string, status: number): void {
  if (!existsSync(file)) return send(response, 404)
  response.writeHead(status, {
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    'Content-Length': statSync(file).size,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  createReadStream(file).pipe(response)
}
