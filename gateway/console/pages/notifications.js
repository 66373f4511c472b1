/** The list of notifications, with its filters in the address. */
import { get, may } from './api.js'
import { findHost, useFleet } from './fleet-data.js'
import { useEvents, useThrottled } from './live.js'
import { hrefOf } from './route.js'
import { Empty, html, Missing, short, Table, Tag, Time, useData } from './ui.js'
/** @import { NotificationInfo } from './api-shapes.ts' */
/** @import { Route } from './route.js' */

const PAGE = 50
const STATUSES = ['new', 'running', 'finished', 'error', 'failed', 'ignored']
const TYPES = ['COMPUTE_HOST', 'COMPUTE_INSTANCE', 'PROCESS']

/** @param {string} type */
export const typeWord = (type) => (type === 'VM' ? 'COMPUTE_INSTANCE' : type)

/**
 * @param {{ label: string, value: string, options: readonly string[], onPick: (value: string) => void }} props
 */
export function Filter({ label, value, options, onPick }) {
  return html`<label class="filter"
    >${label}
    <select
      value=${value}
      onChange=${(/** @type {Event & { currentTarget: HTMLSelectElement }} */ event) =>
        onPick(event.currentTarget.value)}
    >
      <option value="">all</option>
      ${options.map((option) => html`<option value=${option}>${option}</option>`)}
    </select></label
  >`
}

/** The name of a host, as a link for those who may see it. @param {{ id: string }} props */
export function HostName({ id }) {
  const { fleet } = useFleet()
  const found = findHost(fleet, id)
  if (found === undefined) return html`<code title=${id}>${short(id)}</code>`
  return html`<a href=${hrefOf('hosts', found.host.uuid)}>${found.host.name}</a>`
}

/** @param {{ route: Route }} props */
export function NotificationsPage({ route }) {
  const filters = {
    status: route.query.get('status') ?? '',
    type: route.query.get('type') ?? '',
    source_host_uuid: route.query.get('source_host_uuid') ?? '',
  }
  const marker = route.query.get('marker') ?? ''
  const { data, error, reload } = useData(async () => {
    const wanted = Object.entries({ ...filters, marker }).filter(([, value]) => value !== '')
    // The gateway's own order, the newest first, is the one that its store has an index for.
    const query = new URLSearchParams([['limit', String(PAGE)], ...wanted])
    /** @type {{ notifications: NotificationInfo[] }} */
    const { notifications } = await get(`v1/notifications?${query}`)
    return notifications
  }, [filters, marker])
  const again = useThrottled(() => void reload(), 1000)
  useEvents(({ type }) => {
    if (type === 'recovery.stepped' || type === 'gap') again()
  })
  const go = (/** @type {Record<string, string>} */ change) => {
    location.hash = hrefOf('notifications', '', { ...filters, ...change })
  }
  return html`<div class="page-head">
      <h1>Notifications</h1>
      <${Filters} filters=${filters} go=${go} />
    </div>
    ${
      data === undefined || error !== undefined
        ? html`<${Missing} error=${error} retry=${reload} />`
        : html`<${List} rows=${data} />`
    }
    ${
      data !== undefined &&
      html`<nav class="pager" aria-label="Pages">
        ${marker !== '' && html`<button type="button" onClick=${() => go({})}>Newest</button>`}
        ${
          data.length === PAGE &&
          html`<button
            type="button"
            onClick=${() => go({ marker: data.at(-1)?.notification_uuid ?? '' })}
          >
            Older
          </button>`
        }
      </nav>`
    }`
}

/**
 * @param {{ filters: { status: string, type: string, source_host_uuid: string },
 *   go: (change: Record<string, string>) => void }} props
 */
function Filters({ filters, go }) {
  return html`<div class="filters" role="group" aria-label="Filters">
        <${Filter}
          label="Status"
          value=${filters.status}
          options=${STATUSES}
          onPick=${(/** @type {string} */ status) => go({ status })}
        />
        <${Filter}
          label="Type"
          value=${filters.type}
          options=${TYPES}
          onPick=${(/** @type {string} */ type) => go({ type })}
        />
        ${
          filters.source_host_uuid !== '' &&
          html`<span class="chip"
            >of
            ${
              may('os-hosts:index')
                ? html`<${HostName} id=${filters.source_host_uuid} />`
                : short(filters.source_host_uuid)
            }
            <button
              type="button"
              aria-label="All hosts"
              onClick=${() => go({ source_host_uuid: '' })}
            >
              ✕
            </button></span
          >`
        }
      </div>`
}

/** @param {{ rows: readonly NotificationInfo[] }} props */
function List({ rows }) {
  if (rows.length === 0) return html`<${Empty} text="No notification fits these filters." />`
  return html`<${Table}
    label="Notifications"
    heads=${['Source host', 'Type', 'Generated', 'Status', 'What happened', 'Payload']}
  >
    ${rows.map(
      (row) =>
        html`<tr key=${row.notification_uuid}>
          <td><${HostName} id=${row.source_host_uuid} /></td>
          <td class="type">${typeWord(row.type)}</td>
          <td><${Time} at=${row.generated_time} /></td>
          <td><${Tag} word=${row.status} /></td>
          <td class="wide">
            <a href=${hrefOf('notifications', row.notification_uuid)}
              >${row.message ?? `notification ${short(row.notification_uuid)}`}</a
            >
          </td>
          <td class="faint">
            <details>
              <summary>${Object.values(row.payload)[0] ?? 'empty'}</summary>
              <pre>${JSON.stringify(row.payload, null, 1)}</pre>
            </details>
          </td>
        </tr>`,
    )}
  <//>`
}
