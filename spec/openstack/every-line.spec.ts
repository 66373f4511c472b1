/**
 * The leader is killed before each line that a recovery writes into its journal, one recovery for
 * each line. Nothing is lost or done twice.
 */
import type { ExecutionContext } from 'ava'
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import type { InstanceId } from '../../schema/ids.ts'
import type { Openstack } from '../../transports/openstack/open-openstack.ts'
import type { ServerProcess } from '../support/process.ts'
import { cleanUp } from './clean-up.ts'
import { Client, allRun, bootOn, env, openCloud, putBack, slowly } from './cloud.ts'
import { controlAttributes, killCompute, prepareDeployment, type Machine } from './deployment.ts'
import { JournalStop } from './journal-stop.ts'
import { onCloud } from './on-cloud.ts'
import { RestClient } from './rest-client.ts'

const INSTANCES = Number(env('INSTANCE_HA_TEST_INSTANCES', '20'))
/** Lines from one kill to the next. A large cloud takes half a minute for each. */
const STRIDE = Number(env('INSTANCE_HA_TEST_LINE_STRIDE', '1'))
const cloud = onCloud({ instances: INSTANCES, deaths: true })
const ENGINES = ['engine-1', 'engine-2'] as const

/** The same two hosts die in turn: no storm, no duplicate, no quarantine. */
const PATIENT = `
[DEFAULT]
duplicate_notification_detection_interval = 1
[host_failure]
max_hosts_share = 1
quarantine_deaths = 100
`

interface Stage extends AsyncDisposable {
  readonly openstack: Openstack
  readonly client: Client
  readonly rest: RestClient
  readonly stop: JournalStop
  readonly connection: Connection
  readonly hosts: readonly [Machine, Machine]
  readonly instances: readonly InstanceId[]
  /** Kills the leading engine, and starts it again at the end of the recovery. */
  killLeader(): Promise<string>
  startMissing(): Promise<void>
}

async function setStage(): Promise<Stage> {
  await using opening = new AsyncDisposableStack()
  const openstack = opening.use(await openCloud())
  const client = await Client.logIn()
  const deployment = opening.use(await prepareDeployment(openstack, PATIENT))
  await deployment.start('controller', 'gateway')
  const engines = new Map<string, ServerProcess>()
  const startMissing = async (): Promise<void> => {
    for (const name of ENGINES) {
      if (!engines.has(name)) engines.set(name, await deployment.start(name, 'engine'))
    }
  }
  await startMissing()
  const { password, ...database } = deployment.database
  const connection = await createConnection({ ...database, password: password.reveal() })
  opening.defer(() => connection.end())
  const stop = opening.use(await JournalStop.install(deployment.database))
  const [one, two] = await emptyMachines(openstack, deployment.machines.values())
  const rest = new RestClient(deployment.url, client.token)
  await rest.register(
    'pair',
    new Map([one, two].map((each) => [each.host, controlAttributes(each)])),
  )
  const instances: InstanceId[] = []
  const hosts = [one, two].map(({ host }) => host)
  opening.defer(() => cleanUp(openstack, client, { hosts, instances }))
  for (let count = 0; count < INSTANCES; count += 1) {
    instances.push(await bootOn(client, one.host))
  }
  await slowly('all instances run', () => allRun(openstack, one.host, instances))
  const kept = opening.move()
  return {
    openstack,
    client,
    rest,
    stop,
    connection,
    hosts: [one, two],
    instances,
    startMissing,
    async killLeader() {
      const [rows] = await connection.query<RowDataPacket[]>('SELECT holder FROM leadership')
      const name = String(rows[0]?.['holder'])
      engines.get(name)?.signal('SIGKILL')
      await engines.get(name)?.ended
      engines.delete(name)
      return name
    },
    [Symbol.asyncDispose]: () => kept[Symbol.asyncDispose](),
  }
}

async function emptyMachines(
  { compute }: Openstack,
  machines: Iterable<Machine>,
): Promise<[Machine, Machine]> {
  const up = (await compute.listServices()).filter((service) => service.up && !service.disabled)
  const empty: Machine[] = []
  for (const machine of machines) {
    if (!up.some(({ host }) => host === machine.host)) continue
    if ((await compute.listInstances(machine.host)).length === 0) empty.push(machine)
  }
  const [one, two] = empty
  if (one === undefined || two === undefined) throw new Error('no two empty hosts are up')
  return [one, two]
}

interface Line {
  readonly kind: string
  readonly step: string
  readonly subject: string
}

/** The machine hangs, and its failure is reported. The engine must power it off itself. */
async function recover(
  stage: Stage,
  [victim, target]: readonly [Machine, Machine],
  killBefore: number | undefined,
): Promise<{ readonly lines: readonly Line[]; readonly killed: string | undefined }> {
  const { openstack, rest, stop } = stage
  const knownRecords = await openstack.compute.listEvacuations(victim.host, 0)
  const offBefore = await powerOffs(victim)
  killCompute(victim.host)
  await stop.before(killBefore ?? -1)
  const { notification_uuid: id } = await rest.reportHostDown(victim.host)
  const statusOf = async (): Promise<string | undefined> =>
    (await rest.notifications()).find(({ notification_uuid: uuid }) => uuid === id)?.status
  const hasEnded = async (): Promise<boolean> =>
    ['finished', 'failed', 'ignored'].includes((await statusOf()) ?? '')
  let killed: string | undefined
  await slowly(`${id} ends, or its journal stands still`, async () => {
    if (killed === undefined && (await stop.isReached())) {
      killed = await stage.killLeader()
      await stop.lift()
    }
    return hasEnded()
  })
  const problems = [`status ${await statusOf()}`].filter((text) => text !== 'status finished')
  if (!(await allRun(openstack, target.host, stage.instances)))
    problems.push('not all run elsewhere')
  const records = (await openstack.compute.listEvacuations(victim.host, 0)).filter(
    (record) => !knownRecords.some((known) => known.id === record.id),
  )
  for (const instance of stage.instances) {
    const own = records.filter((record) => record.instance === instance).length
    if (own !== 1) problems.push(`${instance} was evacuated ${own} times`)
  }
  const offs = (await powerOffs(victim)) - offBefore
  if (offs !== 1) problems.push(`powered off ${offs} times`)
  const lines = await linesOf(stage, id)
  problems.push(...repeated(lines))
  if (problems.length > 0) throw new Error(problems.join('; '))
  return { lines, killed }
}

const powerOffs = async ({ bmc }: Machine): Promise<number> =>
  (await bmc.calls()).filter(({ what }) => what === 'set power 0').length

async function linesOf({ connection }: Stage, id: string): Promise<readonly Line[]> {
  const [rows] = await connection.execute<RowDataPacket[]>(
    'SELECT kind, step, subject FROM journal WHERE notification_uuid = ? ORDER BY id',
    [id],
  )
  return rows.map((row) => ({
    kind: String(row['kind']),
    step: String(row['step']),
    subject: String(row['subject']),
  }))
}

/** A step whose outcome was written is never begun again. */
function repeated(lines: readonly Line[]): readonly string[] {
  const over = new Set<string>()
  const found: string[] = []
  for (const { kind, step, subject } of lines) {
    const what = `${step} ${subject}`
    if (kind === 'intent' && over.has(what)) found.push(`${what} was begun again`)
    if (kind === 'outcome') over.add(what)
  }
  return found
}

/** The dead machine is repaired, and an operator returns it to service. */
async function repair(stage: Stage, machine: Machine): Promise<void> {
  const { openstack, client, rest } = stage
  await machine.bmc.setPower('on')
  await putBack(openstack, client, machine.host)
  await rest.release(machine.host)
  await stage.startMissing()
}

cloud.serial(
  'when the leader is killed before any line of its journal, nothing is left undone or done twice',
  async (t) => {
    t.timeout(3 * 3_600_000)
    await using stage = await setStage()
    const [one, two] = stage.hosts
    const { lines } = await recover(stage, [one, two], undefined)
    await repair(stage, one)
    t.log(`${lines.length} lines for ${INSTANCES} instances`)
    const kills = await killAtEach(t, stage, lines)
    t.true(kills > 0)
    t.log(
      `${kills} recoveries, the leader killed in each: all finished, each instance evacuated once`,
    )
  },
)

/** How many recoveries had their leader killed. */
async function killAtEach(
  t: ExecutionContext,
  stage: Stage,
  lines: readonly Line[],
): Promise<number> {
  let [from, to] = [stage.hosts[1], stage.hosts[0]]
  let kills = 0
  for (let line = 0; line < lines.length; line += STRIDE) {
    const startedAtMs = Date.now()
    const { killed } = await recover(stage, [from, to], line)
    const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1)
    const { kind, step } = lines[line] ?? { kind: '', step: '' }
    t.log(
      `before line ${line} (${kind} ${step}): ${killed ?? 'nobody'} killed, finished after ${seconds} s`,
    )
    if (killed !== undefined) kills += 1
    await repair(stage, from)
    ;[from, to] = [to, from]
  }
  return kills
}
