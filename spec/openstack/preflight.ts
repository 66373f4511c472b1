/**
 * Checks, before anything is made in a cloud, everything that specs and benchmarks on it need:
 * variables, programs, the account and its rights, images, empty hosts, room. All that is missing is
 * told at once.
 */
import { accessSync, constants } from 'node:fs'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { describeError } from '../../schema/errors.ts'
import { program } from '../support/process.ts'
import { Client, openCloud } from './cloud.ts'

export interface CloudNeeds {
  /** Instances that exist at the same time. */
  readonly instances: number
  /** Whether hosts die, and with them their BMC and sshd. */
  readonly deaths: boolean
}

const VARIABLES = ['OS_AUTH_URL', 'OS_USERNAME', 'OS_PASSWORD', 'OS_PROJECT_NAME', 'OS_REGION_NAME']
const COMMANDS = [
  'INSTANCE_HA_TEST_KILL_COMPUTE_COMMAND',
  'INSTANCE_HA_TEST_RESTART_COMPUTE_COMMAND',
]
/** With the Debian package of each. */
const PROGRAMS = { ipmi_sim: 'openipmi', sshd: 'openssh-server' }
/** One that dies, and one that takes its instances. */
const EMPTY_HOSTS_MIN = 2

/** Throws one error with a line for everything that is missing. */
export async function requireCloud(needs: CloudNeeds): Promise<void> {
  const here = problemsHere(needs)
  const problems = here.length > 0 ? here : await problemsThere(needs)
  if (problems.length === 0) return
  throw new Error(
    `the cloud cannot be used, and nothing was made in it:\n  ${problems.join('\n  ')}`,
  )
}

/** What is wrong on this machine: variables and programs. */
function problemsHere({ deaths }: CloudNeeds): readonly string[] {
  const unset = [...VARIABLES, ...(deaths ? COMMANDS : [])].filter((name) => !process.env[name])
  return [
    ...unset.map((name) => `${name} is not set (see ops/docs/real-cloud.md, \`source openrc\`)`),
    ...(deaths ? COMMANDS.flatMap(problemOfCommand) : []),
    ...(deaths ? Object.entries(PROGRAMS).flatMap(problemOfProgram) : []),
  ]
}

function problemOfCommand(name: string): readonly string[] {
  const path = process.env[name]
  if (!path) return []
  try {
    accessSync(path, constants.X_OK)
    return []
  } catch {
    return [`${name}: ${path} cannot be executed`]
  }
}

function problemOfProgram([name, debianPackage]: readonly [string, string]): readonly string[] {
  try {
    program(name, debianPackage)
    return []
  } catch (error) {
    return [describeError(error)]
  }
}

const Limits = Compile(
  Type.Object({
    limits: Type.Object({
      absolute: Type.Object({
        maxTotalInstances: Type.Integer(),
        totalInstancesUsed: Type.Integer(),
      }),
    }),
  }),
)
const Listed = Compile(
  Type.Object({
    images: Type.Optional(Type.Array(Type.Unknown())),
    flavors: Type.Optional(Type.Array(Type.Unknown())),
  }),
)

/** What is wrong in the cloud. A login that fails is the only problem that is told. */
async function problemsThere({ instances, deaths }: CloudNeeds): Promise<readonly string[]> {
  let client: Client
  try {
    client = await Client.logIn()
  } catch (error) {
    return [describeError(error)]
  }
  const checks: Readonly<Record<string, () => Promise<string | undefined>>> = {
    'the images': async () => {
      const { images } = Listed.Parse(await client.call('GET', 'image', '/v2/images'))
      return images?.length ? undefined : 'there is no image to boot'
    },
    'the flavors': async () => {
      const { flavors } = Listed.Parse(await client.call('GET', 'compute', '/flavors'))
      return flavors?.length ? undefined : 'there is no flavor to boot'
    },
    'the quota': async () => {
      const { absolute } = Limits.Parse(await client.call('GET', 'compute', '/limits')).limits
      const { maxTotalInstances: max, totalInstancesUsed: used } = absolute
      if (max === -1 || max - used >= instances) return undefined
      return `the project may have ${max} instances and has ${used}: ${instances} more do not fit`
    },
    'the compute services (the account must be an administrator)': () => hostProblem(deaths),
  }
  const problems: string[] = []
  for (const [what, check] of Object.entries(checks)) {
    try {
      const problem = await check()
      if (problem !== undefined) problems.push(problem)
    } catch (error) {
      problems.push(`cannot read ${what}: ${describeError(error)}`)
    }
  }
  return problems
}

async function hostProblem(deaths: boolean): Promise<string | undefined> {
  await using openstack = await openCloud()
  const { compute } = openstack
  const seen: string[] = []
  let empty = 0
  for (const { host, up, disabled } of await compute.listServices()) {
    const count = (await compute.listInstances(host)).length
    if (up && !disabled && count === 0) empty += 1
    seen.push(`${host} ${up ? 'up' : 'down'}${disabled ? ', disabled' : ''}, ${count} instances`)
  }
  if (!deaths || empty >= EMPTY_HOSTS_MIN) return undefined
  return `${EMPTY_HOSTS_MIN} empty hosts that are up are needed, and there are ${empty}: ${seen.join('; ')}`
}
