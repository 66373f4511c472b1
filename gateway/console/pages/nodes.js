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
/**
 * An actor and those below it; a group of actors of one kind is no actor itself.
 * @typedef {object} Branch
 * @property {string} key
 * @property {string} name
 * @property {Actor | undefined} actor
 * @property {Branch[]} children
 */
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
    const { path } = actor
    let parent = path
    do parent = parent.slice(0, Math.max(0, parent.lastIndexOf('/')))
    while (parent !== '' && !known.has(parent))
    const name = path.slice(parent === '' ? 0 : parent.length + 1)
    const branch = { key: path, name, actor, children: [] }
    known.set(path, branch)
    const siblings = known.get(parent)?.children ?? roots
    siblings.push(branch)
  }
  return grouped(roots)
}

/** More actors of one kind than this below one parent are folded into a group. */
const FOLDED = 4

/**
 * @param {readonly Branch[]} branches
 * @returns {Branch[]}
 */
function grouped(branches) {
  const byKind = Map.groupBy(branches, ({ name }) => name.split('/', 1)[0] ?? '')
  return [...byKind].flatMap(([kind, members]) => {
    const inside = members.map((each) => ({ ...each, children: grouped(each.children) }))
    if (members.length <= FOLDED) return inside
    return [
      { key: `${members[0]?.key} and others`, name: kind, actor: undefined, children: inside },
    ]
  })
}

/** What a group of actors has in all. @param {readonly Branch[]} branches */
function groupText(branches) {
  const states = Map.groupBy(branches, ({ actor }) => actor?.state ?? '')
  return [...states].map(([state, members]) => `${members.length} ${state}`).join(', ')
}

/** @param {Branch} branch @returns {boolean} */
const isTroubled = ({ actor, children }) =>
  (actor !== undefined && (actor.restarts > 0 || actor.lastError !== null)) ||
  children.some(isTroubled)

/** @param {{ actor: Actor }} props */
function ActorFacts({ actor }) {
  const { state, reason, lastError, restarts, uptimeMs, mailboxDepth } = actor
  const waiting = mailboxDepth > 0 ? `, ${mailboxDepth} waiting` : ''
  return html`<${Tag} word=${state} tone=${lastError === null ? 'plain' : 'waiting'} />
    <span class="faint">${`up ${span(uptimeMs)}${waiting}`}</span>
    ${restarts > 0 && html`<span class="bad">${`${restarts} restarts`}</span>`}
    ${reason !== null && reason !== '' && html`<span class="faint">${reason}</span>`}
    ${lastError !== null && html`<span class="bad">${`last error: ${lastError}`}</span>`}`
}

/** @param {{ branch: Branch }} props */
function BranchOf({ branch }) {
  const { actor, children, name } = branch
  const line = html`<span class="actor-name">${name}</span>
    ${
      actor === undefined
        ? html`<span class="faint">${groupText(children)}</span>`
        : html`<${ActorFacts} actor=${actor} />`
    }`
  if (children.length === 0) return html`<li><div class="actor">${line}</div></li>`
  return html`<li>
    <details open=${actor !== undefined || children.some(isTroubled)}>
      <summary><span class="actor">${line}</span></summary>
      <ul>
        ${children.map((child) => html`<${BranchOf} key=${child.key} branch=${child} />`)}
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
      ${treeOf(actors).map((branch) => html`<${BranchOf} key=${branch.key} branch=${branch} />`)}
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
