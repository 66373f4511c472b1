/** What a project sees: whether its instances are protected, and what happened to them. */
import { useState } from 'preact/hooks'
import { everyRow } from './api.js'
import { useEvents, useThrottled } from './live.js'
import { Empty, Field, html, Missing, short, Table, Tag, Time, useData } from './ui.js'
/** @import { Move, SessionInfo } from './api-shapes.ts' */

/** The gateway keeps the list of a project's instances for so long, ms. */
const READ_AGAIN_MS = 5000

/**
 * @typedef {object} Instance
 * @property {string} uuid
 * @property {string} name
 * @property {boolean} protected
 * @property {string | null} reason
 */

/** @param {string} base */
async function readOwn(base) {
  const [instances, moves] = await Promise.all([
    everyRow(`${base}/instances`, 'instances', (/** @type {Instance} */ { uuid }) => uuid),
    everyRow(`${base}/moves`, 'moves', (/** @type {Move} */ { uuid }) => uuid),
  ])
  return { instances, moves }
}

/** @param {{ session: SessionInfo }} props */
export function MemberPage({ session }) {
  const [project, setProject] = useState('')
  // Without log-in there is no project of one's own, so one is chosen.
  const base = session.login ? 'v1' : `v1/${encodeURIComponent(project)}`
  const isChosen = session.login || project !== ''
  return html`<div class="page-head">
      <h1>My instances</h1>
      ${
        !session.login &&
        html`<${Field} label="Project">
          <input
            value=${project}
            placeholder="id of a project"
            onChange=${(/** @type {Event & { currentTarget: HTMLInputElement }} */ event) =>
              setProject(event.currentTarget.value.trim())}
          />
        <//>`
      }
    </div>
    ${
      isChosen
        ? html`<${Own} key=${base} base=${base} />`
        : html`<${Empty} text="Without log-in, type the id of the project whose view you want." />`
    }`
}

/** @param {{ base: string }} props */
function Own({ base }) {
  const { data, error, reload } = useData(() => readOwn(base), [base])
  const reloadSoon = useThrottled(() => void reload(), READ_AGAIN_MS)
  useEvents(reloadSoon)
  if (data === undefined) return html`<${Missing} error=${error} retry=${reload} />`
  const { instances, moves } = data
  const gaps = instances.filter((instance) => !instance.protected).length
  return html`<section class="card">
      <div class="group-head">
        <h2>Protection</h2>
        <span class="faint">${instances.length} instances, ${gaps} not protected</span>
        <button type="button" onClick=${reload}>Look again</button>
      </div>
      ${
        instances.length === 0
          ? html`<${Empty} text="This project has no instances." />`
          : html`<${Table} label="Instances" heads=${['Instance', 'Protected', 'Why not', 'Id']}>
              ${instances.map(
                (instance) =>
                  html`<tr key=${instance.uuid}>
                    <td>${instance.name}</td>
                    <td>
                      <${Tag}
                        word=${instance.protected ? 'yes' : 'no'}
                        tone=${instance.protected ? 'good' : 'waiting'}
                      />
                    </td>
                    <td>${instance.reason ?? ''}</td>
                    <td><code>${instance.uuid}</code></td>
                  </tr>`,
              )}
            <//>`
      }
    </section>
    <section class="card">
      <h2>What happened to them</h2>
      ${
        moves.length === 0
          ? html`<${Empty} text="None of them was moved." />`
          : html`<${Table}
              label="Moves"
              heads=${['Instance', 'Status', 'Start', 'End', 'Guest', 'Message']}
            >
              ${moves.map(
                (move) =>
                  html`<tr key=${move.uuid}>
                    <td title=${move.instance_uuid}>
                      ${move.instance_name || short(move.instance_uuid)}
                    </td>
                    <td><${Tag} word=${move.status} /></td>
                    <td><${Time} at=${move.start_time} /></td>
                    <td><${Time} at=${move.end_time} /></td>
                    <td class="faint">${(move.guest?.state ?? '–').replaceAll('_', ' ')}</td>
                    <td class="wide bad">${move.message ?? ''}</td>
                  </tr>`,
              )}
            <//>`
      }
    </section>`
}
