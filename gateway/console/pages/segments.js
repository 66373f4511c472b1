/** Segments: the list with its filters, and one of them with its hosts and its policy. */
import { useState } from 'preact/hooks'
import { call, get, may } from './api.js'
import { readFleet, useFleet } from './fleet-data.js'
import { wordOf } from './fleet.js'
import { Filter } from './notifications.js'
import { PolicyCard } from './policy.js'
import { hrefOf } from './route.js'
import { Dialog, Empty, html, Missing, Table, Tag, useData } from './ui.js'
import { HostForm, Wizard } from './wizard.js'
/** @import { FleetHost, SegmentInfo } from './api-shapes.ts' */

export const METHODS = ['auto', 'reserved_host', 'auto_priority', 'rh_priority']

/** @param {{ id: string }} props */
export function SegmentsPage({ id }) {
  return id === '' ? html`<${List} />` : html`<${Detail} key=${id} id=${id} />`
}

async function readSegments() {
  /** @type {{ segments: SegmentInfo[] }} */
  const { segments } = await get('v1/segments?sort_key=name&sort_dir=asc')
  return segments
}

function List() {
  const { data, error, reload } = useData(readSegments, [])
  const [method, setMethod] = useState('')
  const [isMaking, setMaking] = useState(false)
  if (data === undefined) return html`<${Missing} error=${error} retry=${reload} />`
  const shown = data.filter((segment) => method === '' || segment.recovery_method === method)
  return html`<div class="page-head">
      <h1>Segments</h1>
      <div class="filters" role="group" aria-label="Filters">
        <${Filter} label="Method" value=${method} options=${METHODS} onPick=${setMethod} />
      </div>
      ${
        may('segments:create') &&
        html`<button type="button" class="primary" onClick=${() => setMaking(true)}>
          New segment
        </button>`
      }
    </div>
    ${
      shown.length === 0
        ? html`<${Empty} text="There is no segment here." />`
        : html`<${Table}
            label="Segments"
            heads=${['Name', 'Id', 'Recovery method', 'Service type', 'Enabled', 'Description']}
          >
            ${shown.map(
              (segment) =>
                html`<tr key=${segment.uuid}>
                  <td><a href=${hrefOf('segments', segment.uuid)}>${segment.name}</a></td>
                  <td><code>${segment.uuid}</code></td>
                  <td>${segment.recovery_method}</td>
                  <td>${segment.service_type}</td>
                  <td>
                    <${Tag}
                      word=${segment.enabled ? 'yes' : 'no'}
                      tone=${segment.enabled ? 'good' : 'waiting'}
                    />
                  </td>
                  <td class="wide">${segment.description ?? ''}</td>
                </tr>`,
            )}
          <//>`
    }
    ${
      isMaking &&
      html`<${Wizard}
        onClose=${() => {
          setMaking(false)
          void reload()
          void readFleet()
        }}
      />`
    }`
}

/** @param {{ id: string }} props */
function Detail({ id }) {
  const path = `v1/segments/${encodeURIComponent(id)}`
  const { data, error, reload } = useData(async () => {
    /** @type {{ segment: SegmentInfo }} */
    const { segment } = await get(path)
    return segment
  }, [path])
  const { fleet } = useFleet()
  const [isAdding, setAdding] = useState(false)
  const [problem, setProblem] = useState('')
  if (data === undefined) return html`<${Missing} error=${error} retry=${reload} />`
  const hosts = fleet?.segments.find(({ uuid }) => uuid === id)?.hosts ?? []
  const toggle = async () => {
    try {
      await call('PUT', path, { segment: { enabled: !data.enabled } })
      setProblem('')
    } catch (failure) {
      setProblem(failure instanceof Error ? failure.message : String(failure))
    }
    await Promise.all([reload(), readFleet()])
  }
  return html`<${SegmentHead}
      segment=${data}
      onToggle=${() => void toggle()}
      onAdd=${() => setAdding(true)}
    />
    ${problem !== '' && html`<p class="problem" role="alert">${problem}</p>`}
    ${may('os-hosts:index') && html`<${Hosts} hosts=${hosts} />`}
    ${may('segments:policy') && html`<${PolicyCard} path=${path} />`}
    ${
      isAdding &&
      html`<${Dialog} title="Add a host to ${data.name}" onClose=${() => setAdding(false)}>
        <${HostForm}
          segment=${id}
          onSaved=${() => {
            setAdding(false)
            void readFleet()
          }}
        />
      <//>`
    }`
}

/** @param {{ segment: SegmentInfo, onToggle: () => void, onAdd: () => void }} props */
function SegmentHead({ segment, onToggle, onAdd }) {
  return html`<div class="page-head">
      <p class="crumbs"><a href=${hrefOf('segments')}>Segments</a></p>
      <h1>
        ${segment.name}
        <${Tag}
          word=${segment.enabled ? 'enabled' : 'disabled'}
          tone=${segment.enabled ? 'good' : 'waiting'}
        />
      </h1>
      <span class="faint"
        >${[segment.recovery_method, segment.service_type, segment.description ?? []].flat().join(', ')}</span
      >
      ${
        may('segments:update') &&
        html`<button type="button" onClick=${onToggle}>
          ${segment.enabled ? 'Switch recovery off' : 'Switch recovery on'}
        </button>`
      }
      ${
        may('os-hosts:create') &&
        html`<button type="button" class="primary" onClick=${onAdd}>
          Add a host
        </button>`
      }
    </div>`
}

/** @param {{ hosts: readonly FleetHost[] }} props */
function Hosts({ hosts }) {
  return html`<section class="card">
    <h2>Hosts</h2>
    ${
      hosts.length === 0
        ? html`<${Empty} text="This segment has no hosts yet." />`
        : html`<${Table}
            label="Hosts"
            heads=${['Name', 'State', 'Reserved', 'Maintenance', 'Domains']}
          >
            ${hosts.map(
              (host) =>
                html`<tr key=${host.uuid}>
                  <td><a href=${hrefOf('hosts', host.uuid)}>${host.name}</a></td>
                  <td>
                    <${Tag}
                      word=${wordOf(host)}
                      tone=${host.state === 'alive' ? 'good' : 'waiting'}
                    />
                  </td>
                  <td>${host.reserved ? 'yes' : 'no'}</td>
                  <td>${host.maintenance === null ? 'no' : 'yes'}</td>
                  <td>${host.domains.join(', ')}</td>
                </tr>`,
            )}
          <//>`
    }
  </section>`
}
