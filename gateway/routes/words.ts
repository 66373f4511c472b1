/** What operators say about one recovery, `/notifications/{uuid}/words`, and about all of them, `/words`; since 1.4. */
import type { FastifyRequest } from 'fastify'
import { Type, type Static, type TSchema } from 'typebox'
import type { OperatorStore } from '../../actors/ports/operator-store.ts'
import type { NotificationStore } from '../../actors/ports/store.ts'
import { CodedError } from '../../schema/errors.ts'
import type { NotificationId } from '../../schema/ids.ts'
import {
  OPERATOR_WORDS,
  SITE_WORDS,
  type OperatorWord,
  type OperatorWordKind,
  type SiteWord,
  type SiteWordKind,
} from '../../schema/records.ts'
import type { GatewayApp } from '../app.ts'
import { FaultBody } from '../http/faults.ts'
import { idOf, Reason } from '../input/fields.ts'
import { OWN_MINOR } from '../plugins/microversion.ts'
import { timeText } from '../views/times.ts'
import { requireNotification } from './notifications.ts'

const WordView = Type.Object({
  word: Type.String(),
  operator: Type.String(),
  reason: Type.String(),
  said_at: Type.String(),
})
const WordAnswer = Type.Object({ word: WordView })
const WordsAnswer = Type.Object({ words: Type.Array(WordView) })
const Params = Type.Object({ id: Type.String() })

const STRICT = { additionalProperties: false }
const wordBody = <Word extends TSchema>(word: Word) =>
  Type.Object({ word: Type.Object({ word, reason: Reason }, STRICT) }, STRICT)
const RecoveryWordBody = wordBody(Type.Unsafe<OperatorWordKind>({ enum: [...OPERATOR_WORDS] }))
const SiteWordBody = wordBody(Type.Unsafe<SiteWordKind>({ enum: [...SITE_WORDS] }))

/** What the routes of words need. */
export interface WordRoutesDependencies {
  readonly store: NotificationStore & OperatorStore
  /** Tells the engine that something was said about a recovery, or about all; it finds out by itself when it does not hear. */
  readonly wordSaid: (about: NotificationId | null) => void
}

/** Installs the routes: words are said and read, and never taken back but by another word. */
export function wordRoutes(app: GatewayApp, dependencies: WordRoutesDependencies): void {
  recoveryWords(app, dependencies)
  siteWords(app, dependencies)
}

function recoveryWords(app: GatewayApp, { store, wordSaid }: WordRoutesDependencies): void {
  const url = '/notifications/:id/words'
  app.post(url, {
    config: { action: 'notifications:say', since: OWN_MINOR },
    schema: {
      params: Params,
      body: RecoveryWordBody,
      response: { 201: WordAnswer, default: FaultBody },
    },
    handler: async (request, reply) => {
      const { uuid } = await requireNotification(store, idOf(request.params.id))
      const word = await store.sayWord({ notification: uuid, ...spoken(request, request.body) })
      wordSaid(uuid)
      reply.code(201)
      return { word: wordView(word) }
    },
  })
  app.get(url, {
    config: { action: 'notifications:words', since: OWN_MINOR },
    schema: { params: Params, response: { 200: WordsAnswer, default: FaultBody } },
    handler: async ({ params }) => {
      const { uuid } = await requireNotification(store, idOf(params.id))
      return { words: (await store.listWords(uuid)).map(wordView) }
    },
  })
}

function siteWords(app: GatewayApp, { store, wordSaid }: WordRoutesDependencies): void {
  app.post('/words', {
    config: { action: 'words:say', since: OWN_MINOR },
    schema: { body: SiteWordBody, response: { 201: WordAnswer, default: FaultBody } },
    handler: async (request, reply) => {
      const word = await store.saySiteWord(spoken(request, request.body))
      wordSaid(null)
      reply.code(201)
      return { word: wordView(word) }
    },
  })
  app.get('/words', {
    config: { action: 'words:index', since: OWN_MINOR },
    schema: { response: { 200: WordsAnswer, default: FaultBody } },
    handler: async () => ({ words: (await store.listSiteWords()).map(wordView) }),
  })
}

/** The caller answers for the word, under the id that the Identity service knows him by. */
function spoken<Word>(
  { caller }: Pick<FastifyRequest, 'caller'>,
  { word: { word, reason } }: { readonly word: { readonly word: Word; readonly reason: string } },
): { readonly word: Word; readonly reason: string; readonly operator: string } {
  if (caller === null) throw new CodedError('TOKEN_INVALID', 'nobody is known to have said it')
  return { word, reason, operator: caller.userId }
}

const wordView = (said: OperatorWord | SiteWord): Static<typeof WordView> => ({
  word: said.word,
  operator: said.operator,
  reason: said.reason,
  said_at: timeText(said.saidAt),
})
