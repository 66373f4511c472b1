/** One host: its channels, what would happen if it died now, and its maintenance. */
import { useState } from 'preact/hooks'
import { call, get, may } from './api.js'
import { meaningTone, meaningWord } from './channel-words.js'
import { findHost, readFleet, useFleet } from './fleet-data.js'
import { wordOf } from './fleet.js'
import { hrefOf } from './route.js'
import { Empty, html, Missing, span, Table, Tag, Time, useData } from './ui.js'
/** @import { FleetHost, FleetSegment } from './api-shapes.ts' */

/**
 * @typedef {object} HostDetail
 * @property {string} control_attributes
 * @property {boolean} on_maintenance
 * @property {boolean} reserved
 * @property {{ state: string, observers: readonly Observer[] }} observed
 * @property {{ by: string, notification_uuid: string | null, reason: string, released_by: string } | null} maintenance
 */
/** @typedef {{ observer: string, state: string, seen_at: string, evidence: readonly string[] }} Observer */
/**
 * @typedef {object} Plan
 * @property {string} decision
 * @property {string | null} reason
 * @property {readonly { uuid: string, name: string, fate: string, target: string | null, reason: string | null }[]} instances
 */

/** @param {{ id: string }} props */
export function HostPage({ id }) {
  const { fleet, error, reload } = useFleet()
  if (fleet === undefined) return html`<${Missing} error=${error} retry=${reload} />`
  const found = findHost(fleet, id)
  if (found === undefined) return html`<${Empty} text="There is no host with this id." />`
  return html`<${Found} host=${found.host} segment=${found.segment} now=${fleet.now} />`
}

/** @param {{ host: FleetHost, segment: FleetSegment, now: number }} props */
function Found({ host, segment, now }) {
  const path = `v1/segments/${segment.uuid}/hosts/${host.uuid}`
  const { data, error, reload } = useData(async () => {
    /** @type {{ host: HostDetail }} */
    const answer = await get(path)
    return answer.host
  }, [path, host.state, host.maintenance])
  return html`<div class="page-head">
      <p class="crumbs">
        <a href=${hrefOf('fleet')}>Fleet</a>${' · '}<a href=${hrefOf('segments', segment.uuid)}>${segment.name}</a>
      </p>
      <h1>${host.name} <${Tag} word=${wordOf(host)} tone=${toneOfHost(host)} /></h1>
      <a href=${hrefOf('notifications', '', { source_host_uuid: host.uuid })}>Its notifications</a>
      ${
        host.recovery !== null &&
        html`<a href=${hrefOf('notifications', host.recovery)}>Its recovery now</a>`
      }
    </div>
    <div class="columns">
      <section class="card">
        <h2>Channels</h2>
        <${Channels} host=${host} now=${now} />
        ${data?.observed.observers.map(
          (observer) =>
            html`<h3>
                ${observer.observer} <${Tag} word=${observer.state} />
                <${Time} at=${observer.seen_at} />
              </h3>
              <ul class="evidence">
                ${observer.evidence.map((sentence) => html`<li>${sentence}</li>`)}
              </ul>`,
        )}
      </section>
      <section class="card">
        <h2>Service</h2>
        ${
          data === undefined
            ? html`<${Missing} error=${error} retry=${reload} />`
            : html`<${Service} path=${path} detail=${data} host=${host} onChanged=${reload} />`
        }
      </section>
    </div>
    ${may('os-hosts:plan') && html`<${PlanCard} path=${path} />`}`
}

/** @param {FleetHost} host */
function toneOfHost(host) {
  const word = wordOf(host)
  if (word === 'recovering') return 'running'
  if (word === 'dead') return 'bad'
  return word === 'alive' ? 'good' : 'waiting'
}

/** @param {{ host: FleetHost, now: number }} props */
function Channels({ host, now }) {
  if (host.channels.length === 0) return html`<${Empty} text="No observer says anything of it." />`
  return html`<ul class="channels">
    ${host.channels.map(
      ([name, meaning, at]) =>
        html`<li>
          <b>${name}</b> <${Tag} word=${meaningWord(meaning)} tone=${meaningTone(meaning)} />
          <span class="faint">${`${span(now - at)} ago`}</span>
        </li>`,
    )}
  </ul>`
}

/**
 * @param {{ path: string, detail: HostDetail, host: FleetHost, onChanged: () => void }} props
 */
function Service({ path, detail, host, onChanged }) {
  const [problem, setProblem] = useState('')
  const { maintenance } = detail
  const change = async (/** @type {Record<string, boolean>} */ fields) => {
    try {
      await call('PUT', path, { host: fields })
      setProblem('')
      onChanged()
      await readFleet()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return html`<dl>
      <dt>In service</dt>
      <dd>${maintenance === null ? 'yes' : `no: ${maintenance.reason}`}</dd>
      ${
        maintenance !== null &&
        html`<dt>Ends by</dt>
          <dd>${maintenance.released_by}</dd>`
      }
      <dt>Reserved</dt>
      <dd>${detail.reserved ? 'yes: a spare' : 'no'}</dd>
      <dt>Failure domains</dt>
      <dd>${host.domains.join(', ') || '–'}</dd>
      <dt>Settings</dt>
      <dd><pre>${pretty(detail.control_attributes)}</pre></dd>
    </dl>
    ${
      may('os-hosts:update') &&
      html`<div class="buttons">
        <button
          type="button"
          onClick=${() => void change({ on_maintenance: !detail.on_maintenance })}
        >
          ${detail.on_maintenance ? 'End maintenance' : 'Begin maintenance'}
        </button>
        <button type="button" onClick=${() => void change({ reserved: !detail.reserved })}>
          ${detail.reserved ? 'Use it normally' : 'Reserve it'}
        </button>
      </div>`
    }
    ${problem !== '' && html`<p class="problem" role="alert">${problem}</p>`}`
}

/** @param {string} text */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

const DECISIONS = new Map([
  ['act', 'It would be fenced, and its instances moved.'],
  ['hold', 'Nothing would be done at first.'],
  ['leave', 'Nothing would be done.'],
])
const FATES = new Map([
  ['move', 'good'],
  ['wait', 'waiting'],
  ['leave', 'plain'],
])

/** @param {{ path: string }} props */
function PlanCard({ path }) {
  const { data, error, reload } = useData(async () => {
    /** @type {{ plan: Plan }} */
    const answer = await get(`${path}/plan`)
    return answer.plan
  }, [path])
  return html`<section class="card">
    <div class="group-head">
      <h2>If it died now</h2>
      <button type="button" onClick=${reload}>Look again</button>
    </div>
    ${
      data === undefined
        ? html`<${Missing} error=${error} retry=${reload} />`
        : html`<p>${DECISIONS.get(data.decision) ?? data.decision} ${data.reason ?? ''}</p>
            ${
              data.instances.length === 0
                ? html`<${Empty} text="No instance runs on it." />`
                : html`<${Table} label="Plan" heads=${['Instance', 'Fate', 'To', 'Why']}>
                    ${data.instances.map(
                      (row) =>
                        html`<tr key=${row.uuid}>
                          <td title=${row.uuid}>${row.name}</td>
                          <td>
                            <${Tag} word=${row.fate} tone=${FATES.get(row.fate) ?? 'plain'} />
                          </td>
                          <td>${row.target ?? '–'}</td>
                          <td class="wide">${row.reason ?? ''}</td>
                        </tr>`,
                    )}
                  <//>`
            }`
    }
  </section>`
}
