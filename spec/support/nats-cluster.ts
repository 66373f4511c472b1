/** A cluster of real NATS servers. It needs nats-server 2.10 or later: with 2.9, a stream went backwards after faults. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestFn } from 'ava'
import { startNats, type NatsFeatures, type NatsServer } from './nats.ts'
import { freePort, program } from './process.ts'

/** Where `ops/fetch-nats-server.sh` keeps its program, or the reason why there is none. */
const KEPT = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'nats-server')

type FoundProgram = { readonly path: string } | { readonly missing: string }

/** The program of a server that is fit for a cluster: the distribution's if it is new enough, otherwise the one that was fetched. */
function findClusterProgram(): FoundProgram {
  const fetched = join(KEPT, 'nats-server')
  if (existsSync(fetched)) return { path: fetched }
  const installed = program('nats-server', 'nats-server')
  if (isFit(installed)) return { path: installed }
  const reason = join(KEPT, 'missing')
  const why = existsSync(reason) ? readFileSync(reason, 'utf8').trim() : 'it was not fetched yet'
  return { missing: `no nats-server of version 2.10 or later: ${why}` }
}

/** Its path. Throws when there is none, and says why. */
export function clusterProgram(): string {
  const found = findClusterProgram()
  if ('missing' in found) throw new Error(found.missing)
  return found.path
}

function isFit(path: string): boolean {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  const [, major = 0, minor = 0] = (/v(\d+)\.(\d+)/.exec(stdout) ?? []).map(Number)
  return major > 2 || (major === 2 && minor >= 10)
}

/** Registers tests that need a cluster. Without a program for it they are left out, and the reason is printed. */
export function whereClustersRun(test: TestFn) {
  const found = findClusterProgram()
  if ('path' in found) return test.serial
  process.stderr.write(`left out: specs of NATS clusters, for there is ${found.missing}\n`)
  return test.skip
}

/** Connected servers, each of which can be killed, frozen and restarted. */
export interface NatsCluster extends AsyncDisposable {
  readonly servers: readonly NatsServer[]
  readonly urls: readonly string[]
  /** Starts a server again that was killed or stopped. */
  restart(index: number): Promise<void>
  /** All servers take other accounts into use. */
  reload(accounts: readonly string[]): Promise<void>
}

export interface ClusterPlan extends Partial<NatsFeatures> {
  readonly size?: number
  /** Clients are not told of the other servers. */
  readonly isHidden?: boolean
}

/** Starts three servers, or as many as the plan says. Throws when there is no program for it. */
export async function startNatsCluster(plan: ClusterPlan = {}): Promise<NatsCluster> {
  const { size = 3, isHidden = false, accounts: first = [], ...features } = plan
  const path = clusterProgram()
  let accounts = first
  const routes = await Promise.all(Array.from({ length: size }, () => freePort()))
  const featuresOf = (index: number): Partial<NatsFeatures> => {
    const port = routes[index]
    if (port === undefined) throw new RangeError(`there is no server ${index}`)
    return { ...features, accounts, cluster: { name: 'specs', port, routes, isHidden } }
  }
  await using opening = new AsyncDisposableStack()
  const servers = await Promise.all(
    routes.map((_port, index) => startNats({ ...featuresOf(index), program: path })),
  )
  for (const server of servers) opening.use(server)
  const kept = opening.move()
  return {
    servers,
    urls: servers.map(({ url }) => url),
    restart: async (index) => await servers[index]?.restart(featuresOf(index)),
    async reload(changed) {
      accounts = changed
      await Promise.all(servers.map((server, index) => server.reload(featuresOf(index))))
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
