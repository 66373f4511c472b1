/** The processes, each with its supervision tree. */
import { get } from './api.js'
import { useEvents, useThrottled } from './live.js'
import { Empty, html, Missing, span, Tag, useData } from './ui.js'

/**
 * @typedef {object} Actor
 * @property {string} path
 * @property {string} state
 * @property {string | null} reason
 * @property {number} mailboxDepth
 * @property {number} restarts
 * @property {string | null} lastError
 * @property {number} uptimeMs
 */
/**
 * @typedef {object} Process
 * @property {string} node
 * @property {readonly string[]} roles
 * @property {boolean} leading
 * @property {number | null} epoch
 * @property {string | null} silentSince
 * @property {number} deadLetters
 * @property {number} [givenUp]
 * @property {number} parked
 * @property {readonly { name: string, linked: boolean, reason: string | null }[]} [links]
 * @property {readonly Actor[]} actors
 */
/** @typedef {{ readonly name: string, readonly actor: Actor, readonly children: Branch[] }} Branch */
/** @typedef {{ name: string, ok: boolean, reason: string | null }} Check */

/**
 * The tree in the paths: each actor hangs on the longest path that begins its own.
 * @param {readonly Actor[]} actors
 * @returns {Branch[]}
 */
export function treeOf(actors) {
  /** @type {Branch[]} */
  const roots = []
  /** @type {Map<string, Branch>} */
  const known = new Map()
  for (const actor of actors.toSorted((one, other) => (one.path < other.path ? -1 : 1))) {
    let parent = actor.path
    do parent = parent.slice(0, Math.max(0, parent.lastIndexOf('/')))
    while (parent !== '' && !known.has(parent))
    const branch = {
      name: actor.path.slice(parent === '' ? 0 : parent.length + 1),
      actor,
      children: [],
    }
    known.set(actor.path, branch)
    ;(known.get(parent)?.children ?? roots).push(branch)
  }
  return roots
}

/** More children of one kind than this are folded. */
const FOLDED = 8

/** @param {{ branch: Branch }} props */
function BranchOf({ branch }) {
  const { actor, children, name } = branch
  const line = html`<span class="actor-name">${name}</span>
    <${Tag} word=${actor.state} tone=${actor.lastError === null ? 'plain' : 'waiting'} />
    <span class="faint"
      >up
      ${span(actor.uptimeMs)}${actor.mailboxDepth > 0 ? `, ${actor.mailboxDepth} waiting` : ''}</span
    >
    ${actor.restarts > 0 && html`<span class="bad">${actor.restarts} restarts</span>`}
    ${actor.reason !== null && actor.reason !== '' && html`<span class="faint">${actor.reason}</span>`}
    ${actor.lastError !== null && html`<span class="bad">last error: ${actor.lastError}</span>`}`
  if (children.length === 0) return html`<li><div class="actor">${line}</div></li>`
  return html`<li>
    <details open=${children.length <= FOLDED}>
      <summary class="actor">${line}<span class="faint">${children.length} below</span></summary>
      <ul>
        ${children.map((child) => html`<${BranchOf} key=${child.actor.path} branch=${child} />`)}
      </ul>
    </details>
  </li>`
}

/** @param {{ process: Process }} props */
function Node({ process }) {
  const { node, roles, leading, epoch, silentSince, actors, links = [] } = process
  const restarts = actors.reduce((sum, actor) => sum + actor.restarts, 0)
  return html`<section class="card">
    <header class="group-head">
      <h2>${node}</h2>
      ${leading && html`<${Tag} word="leads, epoch ${epoch ?? '?'}" tone="good" />`}
      ${silentSince !== null && html`<${Tag} word="silent since ${silentSince}" tone="bad" />`}
      <span class="faint">${roles.join(', ')}</span>
    </header>
    <p class="facts">
      <span>${actors.length} actors</span>
      <span class=${restarts > 0 ? 'bad' : ''}>${restarts} restarts</span>
      <span class=${(process.givenUp ?? 0) > 0 ? 'bad' : ''}>${process.givenUp ?? 0} given up</span>
      <span>${process.deadLetters} dead letters</span>
      <span>${process.parked} unreadable messages</span>
      ${links.map(
        ({ name, linked, reason }) =>
          html`<span title=${reason ?? ''}
            >${name}: ${linked ? 'linked' : (reason ?? 'not linked')}</span
          >`,
      )}
    </p>
    <ul class="tree" aria-label="Actors of ${node}">
      ${treeOf(actors).map((branch) => html`<${BranchOf} key=${branch.actor.path} branch=${branch} />`)}
    </ul>
  </section>`
}

async function readNodes() {
  /** @type {[{ supervisors: Process[] }, Response]} */
  const [{ supervisors }, answer] = await Promise.all([
    get('v1/health/supervisors'),
    fetch('../health/ready', { cache: 'no-store' }), // it answers 503 while something is missing
  ])
  /** @type {{ checks: Check[] }} */
  const { checks } = await answer.json()
  return { processes: supervisors, checks }
}

export function NodesPage() {
  const { data, error, reload } = useData(readNodes, [])
  const again = useThrottled(() => void reload(), 2000)
  useEvents(({ type }) => {
    if (type !== 'move.stepped' && type !== 'guest.followed') again()
  })
  if (data === undefined) return html`<${Missing} error=${error} retry=${reload} />`
  const { processes, checks } = data
  return html`<div class="page-head">
      <h1>Nodes</h1>
      <p class="checks">
        ${checks.map(
          ({ name, ok, reason }) =>
            html`<${Tag} word=${ok ? name : `${name}: ${reason}`} tone=${ok ? 'good' : 'bad'} />`,
        )}
      </p>
      <button type="button" onClick=${reload}>Look again</button>
    </div>
    ${processes.length === 0 && html`<${Empty} text="No process was heard yet." />`}
    ${processes.map((process) => html`<${Node} key=${process.node} process=${process} />`)}`
}
