/** `simulated-cloud …`: a cloud for trials of a whole deployment, and what a visitor may do to its hosts. */
import { untilAskedToEnd } from '../shutdown.ts'
import { field, printRows } from '../client/output.ts'
import { askControl, type HostSwitch, type SimulatedHost } from '../simulated-cloud/control.ts'
import { startSimulatedCloud } from '../simulated-cloud/simulated-cloud.ts'

interface RunRequest {
  readonly address: string
  readonly state: string
  readonly 'password-file': string
  readonly api: string
  readonly 'broker-file': string | undefined
}

const say = (line: string): void => void process.stdout.write(`simulated cloud: ${line}\n`)

/** Runs until a signal asks it to end. */
export async function runSimulatedCloud(asked: RunRequest): Promise<number> {
  const asking = untilAskedToEnd()
  await using _cloud = await startSimulatedCloud({
    ...asked,
    passwordFile: asked['password-file'],
    brokerFile: asked['broker-file'],
    say,
  })
  await asking
  return 0
}

interface HostRequest {
  readonly state: string
  readonly json: boolean
}

/** Prints the hosts as they really are. */
export async function showSimulatedHosts({ state, json }: HostRequest): Promise<number> {
  print(await askControl(state), json)
  return 0
}

/** Does something to a host, and prints what it is like then. */
export async function changeSimulatedHost(
  act: HostSwitch,
  { state, json, host }: HostRequest & { readonly host: string },
): Promise<number> {
  const hosts = await askControl(state, { act, host })
  print(
    hosts.filter((each) => each.host === host),
    json,
  )
  return 0
}

function print(hosts: readonly SimulatedHost[], json: boolean): void {
  const rows = hosts.map(({ runs, ...host }) => ({ ...host, runs: json ? runs : runs.join(' ') }))
  const columns = [field('host'), field('power'), field('runs', 'instances that run')]
  printRows({ rows, columns, empty: 'there are no hosts', json })
}
