/** Small parts that all pages are made of. Text from outside is always text, never HTML. */
import htm from 'htm'
import { h } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
/** @import { ProgressInfo, BarTone } from './api-shapes.ts' */

export const html = htm.bind(h)

export const ICON = new URL('./icon.svg', import.meta.url).pathname

/**
 * What a page reads, and whether that went well. Earlier data stays while it is read again.
 * @template Data
 * @param {() => Promise<Data>} load
 * @param {readonly unknown[]} inputs of the request: when one changes, the data is read again
 */
export function useData(load, inputs) {
  const [shown, show] = useState(/** @type {{ data?: Data, error?: Error, of?: string }} */ ({}))
  const turn = useRef(0)
  const key = JSON.stringify(inputs)
  const read = useCallback(async () => {
    turn.current += 1
    const own = turn.current
    try {
      const data = await load()
      if (own === turn.current) show({ data, of: key })
    } catch (error) {
      if (own !== turn.current) return
      const reason = error instanceof Error ? error : new Error(String(error))
      show((before) => ({ ...(before.of === key ? before : {}), error: reason, of: key }))
    }
  }, [key])
  useEffect(() => {
    void read()
    return () => void (turn.current += 1)
  }, [key])
  const isCurrent = shown.of === key
  return {
    data: isCurrent ? shown.data : undefined,
    error: isCurrent ? shown.error : undefined,
    reload: read,
  }
}

/**
 * Milliseconds since 1970 of a time of the API, which is UTC.
 * @param {string} text
 */
export const msOf = (text) => Date.parse(/Z$|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`)

/**
 * The same; undefined for no time.
 * @param {string | null | undefined} text
 */
export const msOrNone = (text) => (text === null || text === undefined ? undefined : msOf(text))

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const DAY = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: '2-digit' })

/**
 * A moment, in the time of the reader.
 * @param {{ at: string | null | undefined }} props
 */
export function Time({ at }) {
  const ms = msOrNone(at)
  if (ms === undefined) return html`<span class="faint">–</span>`
  const date = new Date(ms)
  const isToday = new Date().toDateString() === date.toDateString()
  const text = isToday ? CLOCK.format(date) : `${DAY.format(date)} ${CLOCK.format(date)}`
  return html`<time datetime=${date.toISOString()} title=${date.toISOString()}>${text}</time>`
}

/**
 * `4.2 s`, `3 min`, `2 h`
 * @param {number} ms
 */
export function span(ms) {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 100) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}

/** @type {Readonly<Record<string, BarTone>>} */
const TONES = {
  new: 'waiting',
  running: 'running',
  finished: 'good',
  failed: 'bad',
  error: 'bad',
  ignored: 'plain',
  pending: 'plain',
  ongoing: 'running',
  succeeded: 'good',
  alive: 'good',
  suspect: 'waiting',
  dead: 'bad',
  misconfigured: 'waiting',
  blind: 'waiting',
  maintenance: 'plain',
  unknown: 'plain',
  on: 'good',
  off: 'bad',
}

/**
 * @param {string} word
 * @returns {BarTone}
 */
export const toneOf = (word) => TONES[word] ?? 'plain'

/** A sign beside each colour, for those who do not see the colour. */
const SIGNS = { good: '✓', bad: '✕', waiting: '!', running: '▸', plain: '·' }

/** @param {{ word: string, tone?: BarTone }} props */
export function Tag({ word, tone = toneOf(word) }) {
  return html`<span class="tag ${tone}"
    ><span aria-hidden="true">${SIGNS[tone]} </span>${word}</span
  >`
}

/**
 * How much of a recovery is done, as a ring.
 * @param {{ progress: ProgressInfo, size?: number }} props
 */
export function Ring({ progress, size = 96 }) {
  const radius = 42
  const around = 2 * Math.PI * radius
  const { percent, total, succeeded, failed, ignored } = progress
  const share = (/** @type {number} */ count) => (total === 0 ? 0 : (count / total) * around)
  const arcs = [
    { name: 'good', from: 0, length: share(succeeded) },
    { name: 'bad', from: share(succeeded), length: share(failed) },
    { name: 'plain', from: share(succeeded + failed), length: share(ignored) },
  ]
  return html`<svg
    class="ring"
    width=${size}
    height=${size}
    viewBox="0 0 100 100"
    role="img"
    aria-label="${percent} percent done: ${succeeded} of ${total} instances moved, ${failed} failed"
  >
    <circle class="ring-track" cx="50" cy="50" r=${radius} />
    ${arcs.map(
      ({ name, from, length }) =>
        length > 0 &&
        html`<circle
          class="ring-arc ${name}"
          cx="50"
          cy="50"
          r=${radius}
          stroke-dasharray="${length} ${around - length}"
          stroke-dashoffset=${-from}
          transform="rotate(-90 50 50)"
        />`,
    )}
    <text x="50" y="57" text-anchor="middle">${percent}%</text>
  </svg>`
}

/**
 * What is shown while data is missing: that it is read, or why it cannot be.
 * @param {{ error: Error | undefined, retry?: () => void }} props
 */
export function Missing({ error, retry }) {
  if (error === undefined) return html`<p class="faint" role="status">Loading…</p>`
  return html`<div class="notice bad" role="alert">
    <p>${error.message}</p>
    ${retry !== undefined && html`<button type="button" onClick=${retry}>Try again</button>`}
  </div>`
}

/** @param {{ text: string }} props */
export const Empty = ({ text }) => html`<p class="empty">${text}</p>`

/**
 * A table that scrolls by itself on narrow screens.
 * @param {{ label: string, heads: readonly string[], children?: unknown }} props
 */
export function Table({ label, heads, children }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${label}>
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${children}
      </tbody>
    </table>
  </div>`
}

/**
 * One field of a form, with its label and what it is for.
 * @param {{ label: string, hint?: string, children?: unknown }} props
 */
export function Field({ label, hint, children }) {
  return html`<label class="field"
    ><span class="field-label">${label}</span>${children}${
      hint !== undefined && html`<span class="hint">${hint}</span>`
    }</label
  >`
}

/**
 * A dialog over the page. Escape closes it, and the focus goes back to where it was.
 * @param {{ title: string, onClose: () => void, children?: unknown }} props
 */
export function Dialog({ title, onClose, children }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null))
  useEffect(() => {
    ref.current?.showModal()
  }, [])
  return html`<dialog
    ref=${ref}
    aria-labelledby="dialog-title"
    onClose=${onClose}
    onClick=${(/** @type {MouseEvent} */ event) => event.target === ref.current && onClose()}
  >
    <div class="dialog">
      <h2 id="dialog-title">${title}</h2>
      ${children}
    </div>
  </dialog>`
}

/** @param {string} id */
export const short = (id) => id.slice(0, 8)

/** Calls back every second, for what shows passing time. @param {boolean} isRunning */
export function useNow(isRunning) {
  const [now, setNow] = useState(Date.now())
  useEffect(() => {
    if (!isRunning) return undefined
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [isRunning])
  return isRunning ? Math.max(now, Date.now()) : now
}
