/** Moves of instances: the table of one recovery, and the page over all recoveries. */
import { useEffect, useState } from 'preact/hooks'
import { everyRow, get, may } from './api.js'
import { useEvents, useThrottled } from './live.js'
import { Filter } from './notifications.js'
import { hrefOf } from './route.js'
import { Empty, html, Missing, short, Table, Tag, Time } from './ui.js'
/** @import { Move, NotificationInfo } from './api-shapes.ts' */
/** @import { Route } from './route.js' */

/** @param {{ moves: readonly Move[], withRecovery?: boolean }} props */
export function MoveTable({ moves, withRecovery = false }) {
  const heads = [
    'Instance',
    'Source',
    'Destination',
    'Type',
    'Status',
    'Guest',
    'Start',
    'End',
    'Message',
  ]
  return html`<${Table} label="Moves" heads=${withRecovery ? ['Recovery', ...heads] : heads}>
    ${moves.map(
      (move) =>
        html`<tr key=${move.uuid}>
          ${
            withRecovery &&
            html`<td>
              <a href=${hrefOf('notifications', move.notification_uuid)}
                >${short(move.notification_uuid)}</a
              >
            </td>`
          }
          <td title=${move.instance_uuid}>${move.instance_name || short(move.instance_uuid)}</td>
          <td>${move.source_host ?? '–'}</td>
          <td>${move.dest_host ?? html`<span class="faint">Pending</span>`}</td>
          <td class="type">${move.type}</td>
          <td><${Tag} word=${move.status} /></td>
          <td class="faint" title=${move.guest?.reason ?? ''}>
            ${(move.guest?.state ?? '–').replaceAll('_', ' ')}
          </td>
          <td><${Time} at=${move.start_time} /></td>
          <td><${Time} at=${move.end_time} /></td>
          <td class="wide bad">${move.message ?? ''}</td>
        </tr>`,
    )}
  <//>`
}

/** How many recoveries are read at once. */
const RECOVERIES = 10
const STATUSES = ['pending', 'ongoing', 'succeeded', 'failed', 'ignored']

/** @param {string} marker @returns {Promise<NotificationInfo[]>} */
async function recoveriesAfter(marker) {
  const query = `limit=${RECOVERIES}&type=COMPUTE_HOST`
  const after = marker === '' ? '' : `&marker=${marker}`
  /** @type {{ notifications: NotificationInfo[] }} */
  const { notifications } = await get(`v1/notifications?${query}${after}`)
  return notifications
}

/** @param {string} status @param {string} marker */
async function readMoves(status, marker) {
  const recoveries = await recoveriesAfter(marker)
  const wanted = status === '' ? '' : `?status=${status}`
  const moves = await Promise.all(
    recoveries.map(({ notification_uuid: id }) =>
      everyRow(
        `v1/notifications/${id}/vmoves${wanted}`,
        'vmoves',
        (/** @type {Move} */ { uuid }) => uuid,
      ),
    ),
  )
  const last = recoveries.length === RECOVERIES ? recoveries.at(-1)?.notification_uuid : undefined
  return { moves: moves.flat(), next: last }
}

/** @param {{ route: Route }} props */
export function MovesPage({ route }) {
  const status = route.query.get('status') ?? ''
  const [shown, show] = useState(
    /** @type {{ moves: readonly Move[], next?: string | undefined, error?: Error }} */ ({
      moves: [],
    }),
  )
  const [isRead, setRead] = useState(false)
  const read = async (/** @type {string} */ marker, /** @type {readonly Move[]} */ before) => {
    try {
      const { moves, next } = await readMoves(status, marker)
      show({ moves: [...before, ...moves], next })
    } catch (error) {
      show({ moves: before, error: error instanceof Error ? error : new Error(String(error)) })
    }
    setRead(true)
  }
  useEffect(() => void read('', []), [status])
  const again = useThrottled(() => void read('', []), 1000)
  useEvents(({ type }) => {
    if (type === 'move.stepped' || type === 'gap') again()
  })
  return html`<div class="page-head">
      <h1>VM moves</h1>
      <div class="filters" role="group" aria-label="Filters">
        <${Filter}
          label="Status"
          value=${status}
          options=${STATUSES}
          onPick=${(/** @type {string} */ picked) => {
            location.hash = hrefOf('moves', '', { status: picked })
          }}
        />
      </div>
    </div>
    ${
      shown.error !== undefined || !isRead
        ? html`<${Missing} error=${shown.error} retry=${() => void read('', [])} />`
        : shown.moves.length === 0
          ? html`<${Empty}
              text="No instance was moved ${status === '' ? 'yet' : `with this status`}."
            />`
          : html`<${MoveTable} moves=${shown.moves} withRecovery=${may('notifications:detail')} />`
    }
    ${
      shown.next !== undefined &&
      html`<nav class="pager" aria-label="Pages">
        <button type="button" onClick=${() => void read(shown.next ?? '', shown.moves)}>
          Older recoveries
        </button>
      </nav>`
    }`
}
