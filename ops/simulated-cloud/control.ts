/** How a visitor of the demonstration makes hosts of the simulated cloud fail: over a socket in its directory. */
import { request } from 'node:http'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { CodedError } from '../../schema/errors.ts'
import type { SimulatedCloud } from '../../transports/simulated/cloud.ts'
import { HttpServer, type HttpReply, type ServedRequest } from './http-server.ts'

const socketIn = (directory: string): string => join(directory, 'control.sock')

const SimulatedHost = Type.Object({
  host: Type.String(),
  power: Type.String(),
  /** Names of the instances that really run there. */
  runs: Type.Array(Type.String()),
})
const Answer = Compile(Type.Object({ hosts: Type.Array(SimulatedHost) }))
/** What really is true of a host. */
export type SimulatedHost = Static<typeof SimulatedHost>

/** What can be done to a host. */
export type HostSwitch = 'kill' | 'power-on'

/** Listens in the directory. */
export async function openControl(
  directory: string,
  cloud: SimulatedCloud,
  names: readonly string[],
): Promise<AsyncDisposable> {
  const path = socketIn(directory)
  rmSync(path, { force: true }) // of a process that was killed
  const listen: Parameters<typeof HttpServer.start>[0]['listen'] = async (server) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    server.once('error', reject)
    server.listen(path, resolve)
    await promise
  }
  const place = { host: 'control', port: 80, listen }
  return await HttpServer.start(place, async (asked) => act(cloud, names, asked))
}

function act(
  cloud: SimulatedCloud,
  names: readonly string[],
  { method, url }: ServedRequest,
): HttpReply {
  const [, host = '', verb = ''] = url.pathname.split('/')
  if (method === 'POST') {
    if (!names.includes(host)) {
      return { status: 404, body: { message: `there is no host ${host}: ${names.join(', ')}` } }
    }
    if (verb === 'kill') cloud.crashHost(host)
    else cloud.powerOnHost(host)
  }
  const hosts = names.map((name) => ({
    host: name,
    power: cloud.machine(name).power,
    runs: cloud.instances.flatMap(({ id, name: instance }) =>
      cloud.machine(name).copies.has(id) ? [instance] : [],
    ),
  }))
  return { status: 200, body: { hosts } }
}

/** The hosts as they are after the act, or as they are now. CONFIG_INVALID when there is no such host, or no simulated cloud. */
export async function askControl(
  directory: string,
  asked?: { readonly act: HostSwitch; readonly host: string },
): Promise<readonly SimulatedHost[]> {
  const path = asked === undefined ? '/' : `/${encodeURIComponent(asked.host)}/${asked.act}`
  const method = asked === undefined ? 'GET' : 'POST'
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const call = request({ socketPath: socketIn(directory), path, method }, (answer) => {
    text(answer).then(resolve, reject)
  })
  call.once('error', reject)
  call.end()
  const reply = await promise.catch((cause: unknown) => {
    throw new CodedError('CONFIG_INVALID', `no simulated cloud runs with --state ${directory}`, {
      cause,
    })
  })
  const body: unknown = JSON.parse(reply)
  if (Answer.Check(body)) return body.hosts
  const { message }: { readonly message?: unknown } = Object(body)
  throw new CodedError('CONFIG_INVALID', String(message))
}
