/** The container engine as operators use it: `docker`, and `docker compose` in whichever form is there. */
import { execFile, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { program } from '../support/process.ts'

/** How a command ended, and what it printed. */
export interface Printed {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

const OUTPUT_MAX = 64 * 1024 * 1024

function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Printed> {
  const { promise, resolve } = Promise.withResolvers<Printed>()
  const options = { maxBuffer: OUTPUT_MAX, env: { ...process.env, ...env } }
  execFile(command, args, options, (error, stdout, stderr) => {
    const status = error === null ? 0 : Number(error.code ?? 1)
    resolve({ status, stdout, stderr })
  })
  return promise
}

/** Runs `docker`; whatever its status is. */
export const tryDocker = (...args: readonly string[]): Promise<Printed> =>
  run(program('docker', 'docker.io'), args)

/** Runs `docker`, and returns what it printed. Throws when it fails. */
export async function docker(...args: readonly string[]): Promise<string> {
  return mustWork(await tryDocker(...args), args)
}

/** Runs compose with environment variables. Throws when it fails. */
export async function compose(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<string> {
  const isPlugin = spawnSync(program('docker', 'docker.io'), ['compose', 'version']).status === 0
  const command = isPlugin ? 'docker' : 'docker-compose'
  const words = isPlugin ? ['compose', ...args] : args
  return mustWork(await run(program(command, 'docker-compose'), words, env), args)
}

function mustWork({ status, stdout, stderr }: Printed, args: readonly string[]): string {
  if (status === 0) return stdout
  throw new Error(`${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`)
}

/** What the processes of a container have written so far. */
export async function logOf(container: string): Promise<string> {
  const { stdout, stderr } = await tryDocker('logs', container)
  return stdout + stderr
}

/** What the engine says about the health of a container. */
export async function healthOf(container: string): Promise<string> {
  return (await docker('inspect', '--format', '{{.State.Health.Status}}', container)).trim()
}

const HEALTH_MS_MAX = 600_000

/** Waits until the container has that health; throws its log when it does not get it. */
export async function untilHealth(container: string, wanted: 'healthy' | 'unhealthy') {
  const endMs = performance.now() + HEALTH_MS_MAX
  while ((await healthOf(container)) !== wanted) {
    if (performance.now() > endMs) {
      const lines = (await logOf(container)).split('\n').slice(-30)
      throw new Error(`${container} is ${await healthOf(container)}:\n${lines.join('\n')}`)
    }
    await sleep(1000)
  }
}
