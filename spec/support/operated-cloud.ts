/** A cloud that the command operates: a Keystone, and a gateway that asks it who the callers are. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'
import { command } from './command.ts'
import { startGateway, type GatewayWorld } from './gateway.ts'
import { startHttpCloud } from './http-cloud.ts'
import { freePort, listenOn } from './process.ts'
import { REHEARSAL } from './rehearsal.ts'

/** Files of a certificate and its key. */
interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

/** With a certificate, both speak TLS. */
export async function startOperatedCloud(files?: CertificateFiles) {
  await using stack = new AsyncDisposableStack()
  const { keystone } = stack.use(
    await startHttpCloud({ segments: 1, hostsPerSegment: 1, instances: 0 }),
  )
  const own = files && {
    certificate: readFileSync(files.cert, 'utf8'),
    key: readFileSync(files.key, 'utf8'),
  }
  const gateway: GatewayWorld = stack.use(
    await startGateway({
      rehearse: async () => REHEARSAL,
      identity: {
        validate: async (token) => {
          const role = keystone.roleOf(token)
          const known = gateway.callers.get('admin-token')
          return role === undefined || known === undefined
            ? undefined
            : { ...known, userId: `user-${role}`, roles: [role] }
        },
      },
      ...(own && { options: { tls: { ...own, minVersion: 'TLSv1.2' } } }),
    }),
  )
  const { port } = new URL(await gateway.app.listen({ host: '127.0.0.1', port: 0 }))
  const url = `${own ? 'https' : 'http'}://127.0.0.1:${port}`
  keystone.offer('instance-ha', `${url}/v1`)
  const front =
    own && stack.use(await openTlsFront(keystone.url, { ...own, cert: own.certificate }))
  const { username, password, project } = keystone.account
  const admin = {
    OS_AUTH_URL: front?.url ?? keystone.url,
    OS_USERNAME: username,
    OS_PASSWORD: password,
    OS_PROJECT_NAME: project,
  }
  const parts = stack.move()
  return {
    keystone,
    gateway,
    url,
    admin,
    /** Bytes that clients have sent to Keystone through TLS. */
    bytesToKeystone: () => front?.bytes() ?? 0,
    run: (...words: readonly string[]) => command(words, admin),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** Speaks TLS for an HTTP server of 127.0.0.1. */
async function openTlsFront(url: string, options: TlsOptions) {
  const behind = Number(new URL(url).port)
  let bytes = 0
  const server = createServer(options, (client) => {
    const inner = connect(behind, '127.0.0.1')
    client.on('data', (chunk: Buffer) => (bytes += chunk.length))
    client.on('error', () => inner.destroy())
    inner.on('error', () => client.destroy())
    client.pipe(inner).pipe(client)
  })
  const port = await freePort()
  await listenOn(server, port)
  return {
    url: `https://127.0.0.1:${port}${new URL(url).pathname}`,
    bytes: () => bytes,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      await closed.promise
    },
  }
}
