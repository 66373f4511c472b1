/** The console at `/console`: its pages, its sessions, and the API as the person who is logged in. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { GatewayApp } from '../app.ts'
import { readPages, type Pages } from './pages-in-memory.ts'

/**
 * Scripts, styles and requests of this origin only; nothing inline, no frames, no forms that are
 * sent by the browser, and no text that is read as HTML.
 */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
}

/** Every answer below `/console` has them. */
export function guardPages(app: GatewayApp): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(HEADERS)
  })
}

/** Serves the pages. They hold no data, so they need no session. */
export function servePages(app: GatewayApp): void {
  let pages: Pages | undefined
  const answer = (request: FastifyRequest, reply: FastifyReply, asked: Asked): FastifyReply => {
    pages ??= readPages()
    const { name, version = pages.version } = asked
    const file = version === pages.version ? pages.files.get(name) : undefined
    if (file === undefined) return reply.code(404).type('text/plain').send('There is no such file.')
    const isKept = asked.version !== undefined
    reply.headers({ 'cache-control': isKept ? KEPT : 'no-cache', etag: file.etag })
    reply.header('vary', 'Accept-Encoding')
    if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
    reply.type(file.type)
    if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(file.plain)
    return reply.header('content-encoding', 'gzip').send(file.gzipped)
  }
  // Relative, so that it holds behind a proxy that puts a path in front.
  app.get('/', { prefixTrailingSlash: 'no-slash' }, async (_request, reply) =>
    reply.redirect('console/', 302),
  )
  app.get('/', { prefixTrailingSlash: 'slash' }, async (request, reply) =>
    answer(request, reply, { name: 'shell.html' }),
  )
  app.get<{ Params: Required<Asked> }>('/assets/:version/:name', async (request, reply) =>
    answer(request, reply, request.params),
  )
}

/** A file of one version never changes. */
const KEPT = 'private, max-age=31536000, immutable'

interface Asked {
  readonly name: string
  /** Undefined: the version of now. */
  readonly version?: string
}
