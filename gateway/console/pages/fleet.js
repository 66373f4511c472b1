/** The fleet: each segment as a group, each host as a cell. */
import { useState } from 'preact/hooks'
import { meaningWord } from './channel-words.js'
import { useFleet } from './fleet-data.js'
import { hrefOf } from './route.js'
import { Empty, html, Missing, span, Tag } from './ui.js'
/** @import { FleetHost, FleetSegment } from './api-shapes.ts' */

/**
 * One word for the cell: what matters most of a host.
 * @param {FleetHost} host
 */
export function wordOf({ state, recovery, maintenance }) {
  if (recovery !== null) return 'recovering'
  if (maintenance !== null && state !== 'dead') return 'maintenance'
  return state
}

/** What stands on a small cell, for those who do not see its colour. */
const SIGNS = new Map([
  ['suspect', '!'],
  ['dead', '✕'],
  ['recovering', '▸'],
  ['maintenance', '–'],
  ['misconfigured', '!'],
  ['blind', '?'],
  ['unknown', '?'],
])

const LEGEND = [
  'alive',
  'suspect',
  'dead',
  'recovering',
  'maintenance',
  'misconfigured',
  'blind',
  'unknown',
]

/** @param {FleetHost} host @param {number} now */
function tipOf(host, now) {
  const power = host.channels.find(([name]) => name === 'power')
  const lines = [
    `${host.name}: ${wordOf(host)}`,
    ...(host.reserved ? ['reserved: a spare'] : []),
    ...(power === undefined ? [] : [`power ${meaningWord(power[1])}`]),
    ...host.channels
      .filter(([name]) => name !== 'power')
      .map(([name, meaning, at]) => `${name} ${meaningWord(meaning)}, ${span(now - at)} ago`),
    ...(host.domains.length > 0 ? [`domains: ${host.domains.join(', ')}`] : []),
  ]
  return lines.join('\n')
}

/** The age of the oldest sign that still counts. @param {FleetHost} host @param {number} now */
function ageOf({ channels }, now) {
  const ages = channels.filter(([name]) => name !== 'power').map(([, , at]) => now - at)
  return ages.length === 0 ? '' : span(Math.min(...ages))
}

/** @param {{ host: FleetHost, now: number, isDense: boolean }} props */
function Cell({ host, now, isDense }) {
  const word = wordOf(host)
  const off = host.channels.some(([name, meaning]) => name === 'power' && meaning === 'off')
  const label = `${host.name}, ${word}${host.reserved ? ', reserved' : ''}${off ? ', power off' : ''}`
  return html`<a
    class="cell ${word} ${host.reserved ? 'reserved' : ''}"
    href=${hrefOf('hosts', host.uuid)}
    title=${tipOf(host, now)}
    aria-label=${isDense ? label : undefined}
  >
    ${
      isDense
        ? html`<span aria-hidden="true">${SIGNS.get(word) ?? ''}</span>`
        : html`<span class="cell-name">${host.name}</span>
            <span class="cell-more"
              >${`${word}${host.reserved ? ' · spare' : ''}${off ? ' · power off' : ''}`}<span
                class="cell-age"
                >${off ? '' : ageOf(host, now)}</span
              ></span
            >`
    }
  </a>`
}

/** @param {readonly FleetHost[]} hosts */
function countsOf(hosts) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const host of hosts) counts.set(wordOf(host), (counts.get(wordOf(host)) ?? 0) + 1)
  return LEGEND.flatMap((word) =>
    counts.has(word) ? [{ word, count: counts.get(word) ?? 0 }] : [],
  )
}

/** Hosts of one failure domain stand together. @param {readonly FleetHost[]} hosts */
function byDomain(hosts) {
  /** @type {Map<string, FleetHost[]>} */
  const groups = new Map()
  for (const host of hosts) {
    const name = host.domains.join(' · ')
    groups.set(name, [...(groups.get(name) ?? []), host])
  }
  return [...groups].map(([name, members]) => ({ name, members }))
}

/** @param {{ segment: FleetSegment, now: number, isDense: boolean, wanted: string }} props */
function Group({ segment, now, isDense, wanted }) {
  const shown = segment.hosts.filter(
    (host) => wanted === '' || host.name.includes(wanted) || wordOf(host) === wanted,
  )
  if (wanted !== '' && shown.length === 0) return null
  const domains = byDomain(shown)
  return html`<section class="group" aria-label="Segment ${segment.name}">
    <header class="group-head">
      <h2><a href=${hrefOf('segments', segment.uuid)}>${segment.name}</a></h2>
      ${!segment.enabled && html`<${Tag} word="disabled" tone="waiting" />`}
      <span class="faint">${segment.recovery_method}</span>
      <span class="counts"
        >${countsOf(segment.hosts).map(
          ({ word, count }) => html`<span class="count ${word}">${count} ${word}</span>`,
        )}</span
      >
    </header>
    ${segment.hosts.length === 0 && html`<${Empty} text="This segment has no hosts yet." />`}
    ${domains.map(
      ({ name, members }) =>
        html`<div class="domain">
          ${domains.length > 1 && html`<h3>${name === '' ? 'no failure domain' : name}</h3>`}
          <div class="cells ${isDense ? 'dense' : ''}">
            ${members.map(
              (host) =>
                html`<${Cell} key=${host.uuid} host=${host} now=${now} isDense=${isDense} />`,
            )}
          </div>
        </div>`,
    )}
  </section>`
}

/** More hosts than this are drawn as small squares. */
const ROOMY_MAX = 150

export function FleetPage() {
  const { fleet, error, reload } = useFleet()
  const [wanted, setWanted] = useState('')
  if (fleet === undefined) return html`<${Missing} error=${error} retry=${reload} />`
  const { segments, now } = fleet
  const hosts = segments.flatMap((segment) => segment.hosts)
  return html`<div class="page-head">
      <h1>Fleet</h1>
      <p class="summary">
        ${segments.length} segments, ${hosts.length} hosts
        ${countsOf(hosts).map(
          ({ word, count }) => html`<span class="count ${word}">${count} ${word}</span>`,
        )}
      </p>
      <input
        type="search"
        aria-label="Find hosts by name or state"
        placeholder="name or state"
        value=${wanted}
        onInput=${(/** @type {InputEvent & { currentTarget: HTMLInputElement }} */ event) =>
          setWanted(event.currentTarget.value.trim())}
      />
    </div>
    ${error !== undefined && html`<${Missing} error=${error} retry=${reload} />`}
    ${
      segments.length === 0 &&
      html`<${Empty}
        text="No host is protected yet. Make the first segment on the page Segments."
      />`
    }
    <div class="groups ${hosts.length > ROOMY_MAX ? 'side-by-side' : ''}">
      ${segments.map(
        (segment) =>
          html`<${Group}
            key=${segment.uuid}
            segment=${segment}
            now=${now}
            isDense=${hosts.length > ROOMY_MAX}
            wanted=${wanted}
          />`,
      )}
    </div>`
}
