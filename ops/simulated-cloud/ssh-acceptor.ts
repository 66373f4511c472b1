/** An SSH server for fleets of hosts: it accepts every key, and answers what probes ask. */
import ssh2 from 'ssh2'
import { generateKeyPair } from '../../transports/ssh/key-pair.ts'

export interface SshAcceptor extends AsyncDisposable {
  readonly port: number
}

/** Listens on a free port of the address. The key of the host is a new one unless it is given. */
export async function startSshAcceptor(
  address: string,
  hostKey = generateKeyPair().private,
): Promise<SshAcceptor> {
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('authentication', (context) => {
      if (context.method === 'publickey') context.accept()
      else context.reject(['publickey'])
    })
    client.on('request', (_accept, reject) => reject?.())
    client.on('error', () => client.end())
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, address, resolve)
  await promise
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('no port')
  return {
    port: bound.port,
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}
