/** The live feed: what is said on the bus, in plain sentences. */
import { useState } from 'preact/hooks'
import { latestEvents, useEvents } from './live.js'
import { hrefOf } from './route.js'
import { Empty, html, Tag, Time } from './ui.js'
/** @import { LiveEvent } from './api-shapes.ts' */

/** @param {unknown} value */
const text = (value) => (value === null || value === undefined ? '' : String(value))
/** @param {unknown} reason */
const because = (reason) => (text(reason) === '' ? '' : `: ${text(reason)}`)
/** @param {unknown} evidence */
const listed = (evidence) =>
  Array.isArray(evidence) && evidence.length > 0 ? `: ${evidence.join('; ')}` : ''

/** @type {Readonly<Record<string, (data: LiveEvent['data']) => string>>} */
const SENTENCES = {
  'host.observed': (data) =>
    `${data['observer']} sees ${data['host']} ${data['state']}${listed(data['evidence'])}`,
  'leader.proclaimed': (data) => `${data['holder']} leads now, with epoch ${data['epoch']}`,
  'recovery.stepped': (data) =>
    `recovery of ${data['host']}: ${data['step']}${because(data['reason'])}`,
  'move.stepped': (data) =>
    `${text(data['instance_name']) || data['instance_uuid']} ${data['status']}` +
    `${data['dest_host'] === null ? '' : ` on ${data['dest_host']}`} ` +
    `(${data['done']} of ${data['total']} done)${because(data['reason'])}`,
  'guest.followed': (data) =>
    `guest of ${text(data['instance_name']) || data['instance_uuid']} on ${data['host']}: ` +
    `${text(data['state']).replaceAll('_', ' ')}${because(data['reason'])}`,
  gap: () => 'some events were missed: the journals have them',
}

/** @param {LiveEvent} event */
export const sentenceOf = ({ type, data }) => SENTENCES[type]?.(data) ?? type

const WORDS = new Map([
  ['host.observed', 'host'],
  ['leader.proclaimed', 'leader'],
  ['recovery.stepped', 'recovery'],
  ['move.stepped', 'move'],
  ['guest.followed', 'guest'],
  ['gap', 'gap'],
])

export function FeedPage() {
  const [events, setEvents] = useState(latestEvents())
  const [isPaused, setPaused] = useState(false)
  useEvents(() => {
    if (!isPaused) setEvents(latestEvents())
  })
  const toggle = () => {
    if (isPaused) setEvents(latestEvents())
    setPaused(!isPaused)
  }
  return html`<div class="page-head">
      <h1>Live feed</h1>
      <p class="faint">What the processes say, since this page was opened. The newest is first.</p>
      <button type="button" aria-pressed=${isPaused} onClick=${toggle}>
        ${isPaused ? 'Go on' : 'Hold still'}
      </button>
    </div>
    ${
      events.length === 0
        ? html`<${Empty} text="Nothing was said yet. Hosts that stay alive say nothing." />`
        : html`<ol class="feed">
            ${events.map(
              (event) =>
                html`<li key=${event.id}>
                  <${Time} at=${text(event.data['sent_at']) || null} />
                  <${Tag} word=${WORDS.get(event.type) ?? event.type} tone="plain" />
                  <span>${sentenceOf(event)}</span>
                  ${
                    event.data['notification_uuid'] !== undefined &&
                    html`<a href=${hrefOf('notifications', text(event.data['notification_uuid']))}
                      >open</a
                    >`
                  }
                </li>`,
            )}
          </ol>`
    }`
}
