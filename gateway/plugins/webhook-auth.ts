/** Checks who may call a webhook: a sender needs the token, or the user and password. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../schema/control-attributes.ts'
import type { GatewayApp } from '../app.ts'
import { plain } from '../http/faults.ts'
import { sendFault } from './errors.ts'

/** What senders need: the token or the basic credentials. */
export interface WebhookCredentials {
  readonly token: Secret | undefined
  readonly basic: { readonly username: string; readonly password: Secret } | undefined
}

/** Refuses senders without these credentials. */
export function requireWebhookCredentials(app: GatewayApp, credentials: WebhookCredentials): void {
  app.addHook('onRequest', async (request, reply) => {
    const allowed = headersOf(credentials).map(digest) // a secret may have been rotated
    const sent = digest(request.headers.authorization ?? '')
    if (allowed.some((known) => timingSafeEqual(known, sent))) return
    reply.header('www-authenticate', 'Bearer, Basic realm="webhooks"')
    return sendFault(reply, plain(401, 'Unauthorized'))
  })
}

function headersOf({ token, basic }: WebhookCredentials): readonly string[] {
  const encoded =
    basic && Buffer.from(`${basic.username}:${basic.password.reveal()}`).toString('base64')
  return [
    ...(token === undefined ? [] : [`Bearer ${token.reveal()}`]),
    ...(encoded === undefined ? [] : [`Basic ${encoded}`]),
  ]
}

/** Digests have equal length, so comparing them takes a time that does not depend on the text. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
