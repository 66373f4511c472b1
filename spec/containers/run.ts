/**
 * Runs the specs that need a server with every server in a container, and prints what ran where.
 * Then it runs the specs of our own image and of the deployments under ops/docker.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { ContainerRuntimeClient } from 'testcontainers'
import { findEngine, hasImage, imageOf, mayHaveEngine } from '../support/container.ts'
import { buildImage } from '../support/images.ts'
import { startEngine } from './engine.ts'

const KINDS = ['nats', 'mariadb'] as const
/** Images for those of our own image, where none can be pulled. */
const FOR_IMAGE = ['base', 'builder', 'servers'] as const
const OF_IMAGE = ['--config', 'ava.containers.config.mjs']
const SPECS = ['spec/transports/nats/**', 'spec/transports/sql/mysql*.spec.ts']

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const ignore = (): void => undefined

/** The exit code of ava. The specs must use containers only. */
async function runSpecs(specs: readonly string[]): Promise<number> {
  const environment = { ...process.env, INSTANCE_HA_TEST_CONTAINERS: 'always' }
  const args = ['node_modules/.bin/ava', ...specs]
  const ava = spawn(process.execPath, args, { stdio: 'inherit', env: environment })
  // The signal comes from the terminal or from us. The engine must still be stopped after it.
  const pass = (): void => void ava.kill('SIGTERM')
  process.on('SIGINT', ignore).on('SIGTERM', pass)
  const [code] = await once(ava, 'exit')
  process.off('SIGINT', ignore).off('SIGTERM', pass)
  return typeof code === 'number' ? code : 1
}

/** How many containers of each image have started since a time, as the engine reports. */
async function countStarts(
  engine: ContainerRuntimeClient,
  sinceMs: number,
): Promise<ReadonlyMap<string, number>> {
  const events = await engine.container.dockerode.getEvents({
    since: Math.floor(sinceMs / 1000),
    until: Math.ceil(Date.now() / 1000),
    filters: { type: ['container'], event: ['start'], label: ['instance-ha.spec'] },
  })
  const counts = new Map<string, number>()
  for (const line of (await text(events)).split('\n')) {
    const image = /"image":"([^"]+)"/u.exec(line)?.[1]
    if (image !== undefined) counts.set(image, (counts.get(image) ?? 0) + 1)
  }
  return counts
}

async function main(): Promise<number> {
  await using stack = new AsyncDisposableStack()
  let withoutNetworks: string | undefined
  if (mayHaveEngine()) say('using the container engine of this machine')
  else {
    const own = stack.use(await startEngine())
    Object.assign(process.env, own.environment)
    ;({ withoutNetworks } = own)
    say('started a container engine of our own')
  }
  const engine = await findEngine()
  if (engine === undefined) throw new Error('the container engine does not answer')
  for (const kind of [...KINDS, ...FOR_IMAGE]) {
    if (await hasImage(engine, kind)) say(`${imageOf(kind)} is there`)
    else {
      await buildImage(engine, kind)
      say(`${imageOf(kind)} was built from installed files`)
    }
  }
  const startedAt = Date.now()
  const code = await runSpecs(SPECS)
  const counts = await countStarts(engine, startedAt)
  for (const kind of KINDS) say(`${imageOf(kind)}: ${counts.get(imageOf(kind)) ?? 0} containers`)
  const unused = KINDS.filter((kind) => !counts.has(imageOf(kind)))
  if (unused.length > 0) throw new Error(`no container was started for ${unused.join(' and ')}`)
  if (code !== 0) return code
  if (withoutNetworks === undefined) return await runSpecs(OF_IMAGE)
  say(`left out: the specs of the image and its deployments: ${withoutNetworks}`)
  return 1
}

process.exitCode = await main()
