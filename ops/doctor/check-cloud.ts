/** Checks Keystone, Nova and Placement with the accounts of this node. Everything is only read. */
import type { ComputeService } from '../../actors/ports/compute.ts'
import type { PlacementPort } from '../../actors/ports/placement.ts'
import type { Config } from '../../schema/config.ts'
import { useOf } from '../../schema/config/role-needs.ts'
import { identityRoot } from '../../transports/openstack/account.ts'
import { openHttpClient } from '../../transports/openstack/http-client.ts'
import { computeAccount } from '../accounts.ts'
import { openAccount, openIdentity, type Ambient } from '../ports.ts'
import { compareClocks, SYNCHRONISE } from './check-clock.ts'
import { examine, finding, type CheckAnswer, type DoctorFinding } from './finding.ts'

export interface CheckedCloud {
  readonly findings: readonly DoctorFinding[]
  /** Of Nova; undefined when it cannot be asked. */
  readonly services: readonly ComputeService[] | undefined
  readonly placement: PlacementPort | undefined
}

/** No token looks like this, so Keystone answers 404 to a caller who may check tokens. */
const NO_TOKEN = 'instance-ha-doctor'
const KEYSTONE_MS_MAX = 10_000

/** Checks what the roles of this node use. */
export async function checkCloud(config: Config, ambient: Ambient): Promise<CheckedCloud> {
  if (computeAccount(config) === undefined) {
    const isNeeded = useOf('account of Compute', config.node.roles) === 'needed'
    const none = finding('Keystone', 'account of Compute', isNeeded ? 'broken' : 'unknown', {
      detail: 'no account is configured',
      mend: isNeeded
        ? 'set [DEFAULT] os_privileged_user_name, _password, _tenant, _auth_url'
        : null,
    })
    return { findings: [none], services: undefined, placement: undefined }
  }
  const clock = await examine({ part: 'Keystone', check: 'clock', mend: SYNCHRONISE }, () =>
    keystoneClock(config, ambient),
  )
  if (clock.verdict === 'broken' && clock.detail.includes('cannot be reached')) {
    const mend = 'check [DEFAULT] os_privileged_user_auth_url, and that Keystone runs'
    const findings = [{ ...clock, check: 'connection', mend }]
    return { findings, services: undefined, placement: undefined }
  }
  return withLogin(config, ambient, clock)
}

async function withLogin(
  config: Config,
  ambient: Ambient,
  clock: DoctorFinding,
): Promise<CheckedCloud> {
  const openstack = await openAccount(config, ambient)
  let services: readonly ComputeService[] | undefined
  const nova = await examine(
    {
      part: 'Nova',
      check: 'role admin',
      mend: 'check name and password in [DEFAULT] os_privileged_user_*, and give the account the role admin in its project',
    },
    async () => {
      services = await openstack?.compute.listServices()
      return `${services?.length ?? 0} compute services can be listed`
    },
  )
  const people = await openIdentity(config, ambient, openstack)
  const tokens =
    people === undefined
      ? []
      : [
          await examine(
            {
              part: 'Keystone',
              check: 'checks tokens',
              mend: 'check [keystone_authtoken], and give its account the role admin or service in its project',
            },
            async () => {
              await people.identity.validate(NO_TOKEN)
              return 'the account may ask who owns a token'
            },
          ),
        ]
  const placement = await examine(
    {
      part: 'Placement',
      check: 'rooms',
      mend: 'check that the catalogue has Placement for the region and interface of [nova], and the role admin',
    },
    () => roomsOf(openstack?.placement, services),
  )
  return {
    findings: [clock, ...tokens, nova, placement],
    services,
    placement: openstack?.placement,
  }
}

async function roomsOf(
  placement: PlacementPort | undefined,
  services: readonly ComputeService[] | undefined,
): Promise<CheckAnswer> {
  if (services === undefined) return { verdict: 'unknown', detail: 'Nova must be well first' }
  const rooms = await placement?.readRooms(services.map(({ host }) => host))
  const missing = services.filter(({ host }) => rooms?.has(host) !== true)
  if (missing.length === 0) return `the room of ${rooms?.size ?? 0} hosts is known`
  return {
    verdict: 'warning',
    detail: `the room of ${missing.length} hosts is not known: ${namesOf(missing)}`,
    mend: 'start nova-compute there: it reports what the host has',
  }
}

const SHOWN_MAX = 5

const namesOf = (services: readonly ComputeService[]): string =>
  services
    .slice(0, SHOWN_MAX)
    .map(({ host }) => host)
    .join(', ') + (services.length > SHOWN_MAX ? ', …' : '')

async function keystoneClock({ compute }: Config, { clock }: Ambient): Promise<CheckAnswer> {
  const url = identityRoot(compute.authUrl ?? '')
  await using client = openHttpClient({ clock, ca: undefined, insecure: true }) // only its Date is read
  const limits = {
    deadlineMs: clock.monotonicMs() + KEYSTONE_MS_MAX,
    signal: new AbortController().signal,
  }
  const outcome = await client.exchange({ method: 'GET', url, headers: {} }, limits)
  if (outcome.kind !== 'answered') throw new Error(`${url} cannot be reached: ${outcome.detail}`)
  const theirMs = Date.parse(outcome.headers.date ?? '')
  if (Number.isNaN(theirMs)) return { verdict: 'unknown', detail: 'its answer has no Date' }
  return compareClocks(theirMs, clock.wallMs())
}
