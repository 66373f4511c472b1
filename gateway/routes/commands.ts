/**
 * Operator commands for one recovery, `/notifications/{uuid}/commands`, and for all recoveries,
 * `/commands`; since 1.4.
 */
import type { FastifyRequest } from 'fastify'
import { Type, type Static, type TSchema } from 'typebox'
import type { OperatorStore } from '../../actors/ports/operator-store.ts'
import type { NotificationStore } from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import type { NotificationId } from '../../schema/ids.ts'
import {
  OPERATOR_COMMANDS,
  SITE_COMMANDS,
  type OperatorCommand,
  type OperatorCommandKind,
  type SiteCommand,
  type SiteCommandKind,
} from '../../schema/records.ts'
import { fittingCommands, objectionToSiteCommand } from '../../schema/recovery-control.ts'
import type { GatewayApp } from '../app.ts'
import { FaultBody } from '../http/faults.ts'
import { idOf, Reason } from '../input/fields.ts'
import { OWN_MINOR } from '../plugins/microversion.ts'
import { timeText } from '../views/times.ts'
import { requireNotification } from './notifications.ts'

const CommandView = Type.Object({
  kind: Type.String(),
  operator: Type.String(),
  reason: Type.String(),
  given_at: Type.String(),
})
const CommandAnswer = Type.Object({ command: CommandView })
const CommandsAnswer = Type.Object({
  commands: Type.Array(CommandView),
  /** The commands that fit now. */
  possible: Type.Array(Type.String()),
})
const Params = Type.Object({ id: Type.String() })

const STRICT = { additionalProperties: false }
const commandBody = <Kind extends TSchema>(kind: Kind) =>
  Type.Object({ command: Type.Object({ kind, reason: Reason }, STRICT) }, STRICT)
const RecoveryCommandBody = commandBody(
  Type.Unsafe<OperatorCommandKind>({ enum: [...OPERATOR_COMMANDS] }),
)
const SiteCommandBody = commandBody(Type.Unsafe<SiteCommandKind>({ enum: [...SITE_COMMANDS] }))

/** What the routes of commands need. */
export interface CommandRoutesDependencies {
  readonly store: NotificationStore & OperatorStore
  /**
   * Tells the engine that a command was given for one recovery, or for all. When this message is
   * lost, the engine finds the command in the store.
   */
  readonly commanded: (about: NotificationId | null) => void
}

/**
 * Installs the routes. Commands are given and read; they are not deleted, only another command
 * takes one back.
 */
export function commandRoutes(app: GatewayApp, dependencies: CommandRoutesDependencies): void {
  recoveryCommands(app, dependencies)
  siteCommands(app, dependencies)
}

function recoveryCommands(app: GatewayApp, { store, commanded }: CommandRoutesDependencies): void {
  const url = '/notifications/:id/commands'
  app.post(url, {
    config: { action: 'notifications:command', since: OWN_MINOR },
    schema: {
      params: Params,
      body: RecoveryCommandBody,
      response: { 201: CommandAnswer, default: FaultBody },
    },
    handler: async (request, reply) => {
      const { uuid } = await requireNotification(store, idOf(request.params.id))
      const command = await store.giveCommand({
        notification: uuid,
        ...givenBy(request, request.body),
      })
      commanded(uuid)
      reply.code(201)
      return { command: commandView(command) }
    },
  })
  app.get(url, {
    config: { action: 'notifications:commands', since: OWN_MINOR },
    schema: { params: Params, response: { 200: CommandsAnswer, default: FaultBody } },
    handler: async ({ params }) => {
      const found = await requireNotification(store, idOf(params.id))
      const commands = await store.listCommands(found.uuid)
      const possible = [...fittingCommands({ ...found, commands })]
      return { commands: commands.map(commandView), possible }
    },
  })
}

function siteCommands(app: GatewayApp, { store, commanded }: CommandRoutesDependencies): void {
  app.post('/commands', {
    config: { action: 'commands:give', since: OWN_MINOR },
    schema: { body: SiteCommandBody, response: { 201: CommandAnswer, default: FaultBody } },
    handler: async (request, reply) => {
      const command = await store.giveSiteCommand(givenBy(request, request.body))
      commanded(null)
      reply.code(201)
      return { command: commandView(command) }
    },
  })
  app.get('/commands', {
    config: { action: 'commands:index', since: OWN_MINOR },
    schema: { response: { 200: CommandsAnswer, default: FaultBody } },
    handler: async () => {
      const commands = await store.listSiteCommands()
      const last = commands.at(-1)
      const possible = SITE_COMMANDS.filter((kind) => !objectionToSiteCommand(kind, last))
      return { commands: commands.map(commandView), possible }
    },
  })
}

/**
 * The caller is responsible for the command, so it is stored with the caller's id in the Identity
 * service.
 */
function givenBy<Kind>(
  { caller }: Pick<FastifyRequest, 'caller'>,
  {
    command: { kind, reason },
  }: { readonly command: { readonly kind: Kind; readonly reason: string } },
): { readonly kind: Kind; readonly reason: string; readonly operator: string } {
  if (caller === null) throw new CodedError('TOKEN_INVALID', 'the caller has no name')
  return { kind, reason, operator: caller.userId }
}

const commandView = (given: OperatorCommand | SiteCommand): Static<typeof CommandView> => ({
  kind: given.kind,
  operator: given.operator,
  reason: given.reason,
  given_at: timeText(given.givenAt),
})
