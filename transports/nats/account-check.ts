/** What one account may do on the bus, found out without saying anything that others would hear. */
import type { NatsConnection } from 'nats'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { sleep } from '../../actors/ports/clock.ts'
import { CodedError, describeError } from '../../schema/errors.ts'
import { covers, overlap } from '../../schema/messages/subject-patterns.ts'
import { NatsLink, type NatsCredentials } from './link.ts'
import { isJsError, JS_ERROR } from './streams.ts'
import { Troubles } from './troubles.ts'
import type { Surroundings } from './upkeep.ts'

export interface AccountCheckOptions extends Omit<Surroundings, 'troubles' | 'log'> {
  readonly servers: readonly string[]
  readonly node: string
  readonly credentials: NatsCredentials
  /** Subjects to which the account must be able to subscribe. */
  readonly subscribe: readonly string[]
  /** Subjects on which it must be able to publish. */
  readonly publish: readonly string[]
  /** Streams about which the account must be able to ask. */
  readonly streams: readonly string[]
}

export interface AccountReport {
  readonly server: string
  readonly version: string
  /** Subjects to which the server does not let the account subscribe. */
  readonly denied: readonly string[]
  /** Subjects on which it does not let it publish; undefined when the server does not tell. */
  readonly unpublishable: readonly string[] | undefined
  /** What JetStream says of each stream. */
  readonly streams: readonly { readonly stream: string; readonly state: StreamState }[]
}
type StreamState = 'there' | 'absent' | 'denied' | 'no JetStream'

const CONNECT_MS_MAX = 5000
const ANSWER_MS = 3000
/** A denial arrives at once; this is for a busy server, ms. */
const DENIAL_MS = 300

const SILENT = { info: ignore, warn: ignore, error: ignore }

/** BUS_UNAVAILABLE, with the reason, when no server takes the account within five seconds. */
export async function checkAccount(options: AccountCheckOptions): Promise<AccountReport> {
  const { clock, random, servers, node, credentials } = options
  const troubles = new Troubles(clock)
  const around = { clock, random, log: SILENT, troubles }
  await using link = new NatsLink(around, { servers, node, credentials })
  const up = Promise.withResolvers<NatsConnection>()
  link.onUp((connection) => up.resolve(connection))
  const connection = await Promise.race([up.promise, sleep(clock, CONNECT_MS_MAX)])
  if (connection === undefined) {
    const found = troubles.list().find(({ kind }) => kind === 'failing')
    const reason = found?.kind === 'failing' ? found.reason : 'no answer'
    throw new CodedError('BUS_UNAVAILABLE', `${servers.join(', ')}: ${reason}`)
  }
  for (const subject of options.subscribe) connection.subscribe(subject, { callback: ignore })
  await connection.flush()
  await sleep(clock, DENIAL_MS)
  const streams: AccountReport['streams'][number][] = []
  for (const stream of options.streams) {
    streams.push({ stream, state: await stateOf(connection, stream) })
  }
  return {
    server: connection.getServer(),
    version: connection.info?.version ?? 'unknown',
    denied: troubles
      .list()
      .flatMap((each) =>
        each.kind === 'denied' && each.operation === 'subscribe' ? [each.subject] : [],
      ),
    unpublishable: await unpublishable(connection, options.publish),
    streams,
  }
}

/** An account asks here what it may do: NATS 2.10 and later. Only the server hears it. */
export const OWN_PERMISSIONS = '$SYS.REQ.USER.INFO'

const Rules = Type.Optional(Type.Array(Type.String()))
const UserInfo = Compile(
  Type.Object({
    data: Type.Object({
      permissions: Type.Optional(
        Type.Object({ publish: Type.Optional(Type.Object({ allow: Rules, deny: Rules })) }),
      ),
    }),
  }),
)

async function unpublishable(
  connection: NatsConnection,
  subjects: readonly string[],
): Promise<readonly string[] | undefined> {
  const told: unknown = await connection
    .request(OWN_PERMISSIONS, undefined, { timeout: ANSWER_MS })
    .then((answer) => answer.json())
    .catch(() => undefined)
  if (!UserInfo.Check(told)) return undefined
  const { allow = ['>'], deny = [] } = told.data.permissions?.publish ?? {}
  const [allowed, denied] = [allow.map(tokens), deny.map(tokens)]
  return subjects.filter(
    (subject) =>
      !allowed.some((pattern) => covers(pattern, tokens(subject))) ||
      denied.some((pattern) => overlap(pattern, tokens(subject))),
  )
}

const tokens = (subject: string): readonly string[] => subject.split('.')

function ignore(): void {}

async function stateOf(connection: NatsConnection, stream: string): Promise<StreamState> {
  try {
    const manager = await connection.jetstreamManager({ checkAPI: false, timeout: ANSWER_MS })
    await manager.streams.info(stream)
    return 'there'
  } catch (error) {
    if (isJsError(error, JS_ERROR.streamNotFound)) return 'absent'
    return /permissions/i.test(describeError(error)) ? 'denied' : 'no JetStream'
  }
}
