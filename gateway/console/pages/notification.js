/** One notification: progress, instances, timeline, evidence, certificate, commands and journal; live. */
import { everyRow, get, may } from './api.js'
import { CommandPanel } from './commands.js'
import { findHost, useFleet } from './fleet-data.js'
import { lanesOf } from './lanes.js'
import { useEvents, useThrottled } from './live.js'
import { MoveTable } from './moves.js'
import { HostName, typeWord } from './notifications.js'
import { hrefOf } from './route.js'
import { Timeline } from './timeline.js'
import { html, Missing, Ring, short, Table, Tag, Time, useData } from './ui.js'
/** @import { Certificate, Evidence, JournalLine, Move, NotificationInfo } from './api-shapes.ts' */

/** Longer recoveries are read again at most so often, ms. */
const AGAIN_MS = 700

/** @param {string} id */
async function readRecovery(id) {
  const path = `v1/notifications/${encodeURIComponent(id)}`
  /** @type {{ notification: NotificationInfo }} */
  const { notification } = await get(path)
  const isOfHost = notification.type === 'COMPUTE_HOST'
  const [evidence, moves] = await Promise.all([
    may('notifications:evidence') ? readEvidence(path) : undefined,
    isOfHost && may('vmoves:index')
      ? everyRow(`${path}/vmoves`, 'vmoves', (/** @type {Move} */ { uuid }) => uuid)
      : [],
  ])
  return { notification, evidence, moves }
}

/** @param {string} path @returns {Promise<Evidence>} */
async function readEvidence(path) {
  /** @type {Evidence} */
  const first = await get(`${path}/evidence?limit=1`)
  const lines = await everyRow(
    `${path}/evidence`,
    'evidence',
    (/** @type {JournalLine} */ { id }) => String(id),
  )
  return { death_certificate: first.death_certificate, evidence: lines }
}

/** @param {{ id: string }} props */
export function NotificationPage({ id }) {
  const { data, error, reload } = useData(() => readRecovery(id), [id])
  const again = useThrottled(() => void reload(), AGAIN_MS)
  useEvents(({ type, data: said }) => {
    if (said['notification_uuid'] === id || type === 'gap') again()
  })
  const { fleet } = useFleet()
  if (data === undefined) return html`<${Missing} error=${error} retry=${reload} />`
  const { notification, evidence, moves } = data
  const { source_host_uuid: hostId, status } = notification
  const hostName = findHost(fleet, hostId)?.host.name ?? short(hostId)
  return html`<div class="page-head">
      <p class="crumbs"><a href=${hrefOf('notifications')}>Notifications</a></p>
      <h1>${typeWord(notification.type)} of ${hostName} <${Tag} word=${status} /></h1>
    </div>
    ${error !== undefined && html`<${Missing} error=${error} retry=${reload} />`}
    <div class="columns">
      <${Summary} notification=${notification} />
      ${
        may('notifications:commands') &&
        html`<${CommandPanel}
          id=${id}
          hostName=${hostName}
          status=${status}
          onGiven=${() => void reload()}
        />`
      }
    </div>
    ${
      evidence !== undefined &&
      html`<section class="card">
        <h2>Timeline</h2>
        <${Timeline} lanes=${lanesOf({ notification, evidence, moves })} />
      </section>`
    }
    ${
      moves.length > 0 &&
      html`<section class="card">
        <h2>Instances</h2>
        <${MoveTable} moves=${moves} />
      </section>`
    }
    ${
      evidence !== undefined &&
      html`<${CertificateOf} certificate=${evidence.death_certificate} />
        <section class="card">
          <h2>Journal</h2>
          <${Journal} lines=${evidence.evidence} />
        </section>`
    }`
}

/** @param {{ notification: NotificationInfo }} props */
function Summary({ notification }) {
  const { progress } = notification
  return html`<section class="card summary-card" aria-label="Progress">
    ${progress !== undefined && html`<${Ring} progress=${progress} size=${120} />`}
    <dl>
      <dt>Source host</dt>
      <dd><${HostName} id=${notification.source_host_uuid} /></dd>
      <dt>Generated</dt>
      <dd><${Time} at=${notification.generated_time} /></dd>
      ${
        progress !== undefined &&
        progress.total > 0 &&
        html`<dt>Instances</dt>
          <dd class="facts">
          <span>${progress.total} in all</span>
          <b class="good">${`${progress.succeeded} succeeded`}</b>
          <b class=${progress.failed > 0 ? 'bad' : ''}>${`${progress.failed} failed`}</b>
          <span>${`${progress.ongoing} ongoing`}</span>
          <span>${`${progress.pending} pending`}</span>
          <span>${`${progress.ignored} ignored`}</span>
        </dd>
        <dt>Guests</dt>
        <dd class="facts">
          <span>${`${progress.guests.back} back`}</span>
          <span>${`${progress.guests.not_heard} not heard yet`}</span>
          <span>${`${progress.guests.not_expected} not expected`}</span>
        </dd>`
      }
      <dt>Says</dt>
      <dd>${notification.message ?? '–'}</dd>
      <dt>Payload</dt>
      <dd>
        ${Object.entries(notification.payload)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ')}
      </dd>
    </dl>
  </section>`
}

/** @param {{ certificate: Certificate | null }} props */
function CertificateOf({ certificate }) {
  if (certificate === null) return null
  return html`<section class="card">
    <h2>Death certificate</h2>
    <p class="facts">
      <${Tag} word=${certificate.ground} tone="good" />
      <span>issued${' '}<${Time} at=${certificate.issued_at} /></span>
      <span>${`epoch ${certificate.epoch}`}</span>
    </p>
    <ul class="evidence">
      ${certificate.evidence.map((sentence) => html`<li>${sentence}</li>`)}
    </ul>
  </section>`
}

/** @param {{ lines: readonly JournalLine[] }} props */
function Journal({ lines }) {
  return html`<${Table}
    label="Journal"
    heads=${['Time', 'Epoch', 'Kind', 'Step', 'Subject', 'Detail']}
  >
    ${lines.map(
      (line) =>
        html`<tr key=${line.id}>
          <td><${Time} at=${line.at} /></td>
          <td class="number">${line.epoch}</td>
          <td>${line.kind}</td>
          <td>${line.step}</td>
          <td>
            <code title=${line.subject}
              >${line.subject.length === 36 ? short(line.subject) : line.subject}</code
            >
          </td>
          <td class="wide">${line.detail}</td>
        </tr>`,
    )}
  <//>`
}
