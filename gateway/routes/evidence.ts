/**
 * What happened in a recovery, and why (promise E1): `/notifications/{uuid}/evidence`, since 1.4.
 */
import { Type, type Static } from 'typebox'
import type { NotificationStore } from '../../actors/ports/store.ts'
import type { DeathCertificate, JournalEntry } from '../../schema/records.ts'
import type { GatewayApp } from '../app.ts'
import { FaultBody } from '../http/faults.ts'
import { listPage, NextLink, pageOf, QueryText, type ListOptions } from '../http/paging.ts'
import { OWN_MINOR } from '../plugins/microversion.ts'
import { timeText } from '../views/times.ts'
import { requireNotification } from './notifications.ts'

const Certificate = Type.Object({
  host_uuid: Type.String(),
  ground: Type.String(),
  issued_at: Type.String(),
  epoch: Type.Integer(),
  evidence: Type.Array(Type.String()),
})
const Line = Type.Object({
  id: Type.Integer(),
  at: Type.String(),
  epoch: Type.Integer(),
  kind: Type.String(),
  step: Type.String(),
  subject: Type.String(),
  detail: Type.String(),
})
const Answer = Type.Object({
  death_certificate: Type.Union([Certificate, Type.Null()]),
  evidence: Type.Array(Line),
  links: NextLink,
})
const Params = Type.Object({ id: Type.String() })
const Query = Type.Object({ limit: QueryText, marker: QueryText })

/**
 * Installs the route. It shows the death certificate and every line of the journal, in the order in
 * which they were written.
 */
export function evidenceRoute(
  app: GatewayApp,
  store: NotificationStore,
  options: ListOptions,
): void {
  app.get('/notifications/:id/evidence', {
    config: { action: 'notifications:evidence', since: OWN_MINOR },
    schema: { params: Params, querystring: Query, response: { 200: Answer, default: FaultBody } },
    handler: async (request) => {
      const page = pageOf(request.query, [], options)
      const { uuid } = await requireNotification(store, request.params.id)
      const certificate = await store.getCertificate(uuid)
      const journal = await store.listJournal(uuid)
      const after = Number(page.marker ?? 0)
      const { rows, next } = await listPage(request, options, page, async ({ limit }) =>
        journal.filter(({ id }) => id > after).slice(0, limit),
      )
      return {
        death_certificate: certificate === undefined ? null : certificateView(certificate),
        evidence: rows.map(lineView),
        ...next,
      }
    },
  })
}

const certificateView = (certificate: DeathCertificate): Static<typeof Certificate> => ({
  host_uuid: certificate.host,
  ground: certificate.ground,
  issued_at: timeText(certificate.issuedAt),
  epoch: certificate.epoch,
  evidence: [...certificate.evidence],
})

const lineView = (entry: JournalEntry): Static<typeof Line> => ({
  id: entry.id,
  at: timeText(entry.at),
  epoch: entry.epoch,
  kind: entry.kind,
  step: entry.step,
  subject: entry.subject,
  detail: entry.detail,
})
