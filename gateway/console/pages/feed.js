/** The live feed: what is said on the bus, in plain sentences. */
import { useState } from 'preact/hooks'
import { latestEvents, useEvents } from './live.js'
import { hrefOf } from './route.js'
import { Empty, html, Tag, Time } from './ui.js'
/** @import { LiveEvent } from './api-shapes.ts' */

/** @param {unknown} value */
const text = (value) =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''
/** @param {unknown} reason */
const because = (reason) => (text(reason) === '' ? '' : `: ${text(reason)}`)
/** @param {unknown} evidence */
const listed = (evidence) =>
  Array.isArray(evidence) && evidence.length > 0 ? `: ${evidence.join('; ')}` : ''

/** @type {Readonly<Record<string, (said: (name: string) => string, data: LiveEvent['data']) => string>>} */
const SENTENCES = {
  'host.observed': (said, { evidence }) =>
    `${said('observer')} sees ${said('host')} ${said('state')}${listed(evidence)}`,
  'leader.proclaimed': (said) => `${said('holder')} leads now, with epoch ${said('epoch')}`,
  'recovery.stepped': (said, { reason }) =>
    `recovery of ${said('host')}: ${said('step')}${because(reason)}`,
  'move.stepped': (said, { reason }) => {
    const instance = said('instance_name') || said('instance_uuid')
    const on = said('dest_host') === '' ? '' : ` on ${said('dest_host')}`
    const done = `${said('done')} of ${said('total')} done`
    return `${instance} ${said('status')}${on} (${done})${because(reason)}`
  },
  'guest.followed': (said, { reason }) => {
    const instance = said('instance_name') || said('instance_uuid')
    const state = said('state').replaceAll('_', ' ')
    return `guest of ${instance} on ${said('host')}: ${state}${because(reason)}`
  },
  gap: () => 'some events were missed: the journals have them',
}

/** @param {LiveEvent} event */
export const sentenceOf = ({ type, data }) =>
  SENTENCES[type]?.((name) => text(data[name]), data) ?? type

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
