/** Draws lanes of bars over one axis of time. */
import { html, span, useNow } from './ui.js'
/** @import { Bar, Lane } from './api-shapes.ts' */

const STEPS_MS = [
  100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000, 604_800_000,
]
const TICKS_MAX = 8

/** @param {number} lengthMs */
function ticksOf(lengthMs) {
  const step = STEPS_MS.find((each) => lengthMs / each <= TICKS_MAX) ?? 604_800_000
  const count = Math.floor(lengthMs / step) + 1
  return Array.from({ length: count }, (_unit, index) => index * step)
}

/** @param {number} ms */
function tickText(ms) {
  if (ms < 100_000) return `${ms / 1000} s`
  return span(ms)
}

/**
 * The end of the axis: now while something goes on, otherwise the last end.
 * @param {readonly Bar[]} bars
 * @param {number} now
 */
function rangeOf(bars, now) {
  const start = Math.min(...bars.map(({ from }) => from))
  const end = Math.max(...bars.map(({ from, to }) => to ?? Math.max(from, now)))
  return { start, length: Math.max(1000, (end - start) * 1.02) }
}

/** @param {{ lanes: readonly Lane[] }} props */
export function Timeline({ lanes }) {
  const bars = lanes.flatMap((lane) => lane.bars)
  const now = useNow(bars.some(({ to }) => to === null))
  if (bars.length === 0) return html`<p class="empty">Nothing has happened yet.</p>`
  const { start, length } = rangeOf(bars, now)
  const left = (/** @type {number} */ ms) => `${((ms - start) / length) * 100}%`
  const ticks = ticksOf(length)
  return html`<div class="timeline" role="list" aria-label="Timeline" tabindex="0">
    <div class="axis" aria-hidden="true">
      <span class="lane-label">since the first sign</span>
      <div class="track">
        ${ticks.map(
          (ms) =>
            html`<span class="tick" style=${{ left: left(start + ms) }}>${tickText(ms)}</span>`,
        )}
      </div>
    </div>
    ${lanes.map(
      (lane) =>
        html`<div class="lane" role="listitem" key=${lane.label}>
          <span class="lane-label">${lane.label}</span>
          <div class="track">
            ${ticks.map((ms) => html`<i class="grid" style=${{ left: left(start + ms) }} />`)}
            ${lane.bars.map(
              (bar, index) =>
                html`<${BarOf} bar=${bar} room=${roomOf(lane.bars, index, { start, length, now })} />`,
            )}
          </div>
        </div>`,
    )}
  </div>`
}

/** A text needs about so many percent of the track for each of its characters. */
const CHARACTER = 0.62
/** A text that would be cut shorter than this, in percent, is not written; the pointer shows it. */
const CUT_MIN = 9

/**
 * Where a bar is, in percent of the track, and where its text has room.
 * @typedef {object} Room
 * @property {number} begin
 * @property {number} width
 * @property {'inside' | 'after' | 'before' | 'nowhere'} place
 * @property {number} free how much room the text has
 * @property {string} said all of it, in words
 */

/**
 * @param {readonly Bar[]} bars of one lane
 * @param {number} index
 * @param {{ start: number, length: number, now: number }} axis
 * @returns {Room}
 */
function roomOf(bars, index, { start, length, now }) {
  const share = (/** @type {number} */ ms) => (ms / length) * 100
  const endOf = (/** @type {Bar} */ { from, to }) => to ?? Math.max(from, now)
  const bar = /** @type {Bar} */ (bars[index])
  const next = bars[index + 1]
  const last = bars[index - 1]
  const begin = share(bar.from - start)
  const width = share(endOf(bar) - bar.from)
  const after = (next === undefined ? 100 : share(next.from - start)) - begin - width
  const before = last === undefined ? begin : 0
  const said = saidOf(bar, bar.from - start, endOf(bar) - bar.from)
  return { begin, width, said, ...placeOf(bar.text, { width, after, before }) }
}

/** @param {Bar} bar @param {number} sinceStart @param {number} lasted */
function saidOf({ text, to }, sinceStart, lasted) {
  const soFar = to === null ? ' so far' : ''
  return `${span(sinceStart)}: ${text}${lasted > 0 ? ` (${span(lasted)}${soFar})` : ''}`
}

/**
 * @param {string} text
 * @param {{ width: number, after: number, before: number }} room
 * @returns {Pick<Room, 'place' | 'free'>}
 */
function placeOf(text, { width, after, before }) {
  const needed = Math.min(text.length * CHARACTER, 40)
  if (width >= needed) return { place: 'inside', free: width }
  if (after >= needed) return { place: 'after', free: after }
  if (before >= needed) return { place: 'before', free: before }
  const free = Math.max(width, after)
  if (free < CUT_MIN) return { place: 'nowhere', free }
  return { place: width >= after ? 'inside' : 'after', free }
}

/** @param {{ bar: Bar, room: Room }} props */
function BarOf({ bar, room }) {
  const { tone, text, to } = bar
  const { begin, width, place, free, said } = room
  const side = place === 'before' ? { right: `${100 - begin}%` } : { left: `${begin + width}%` }
  const style = { ...side, maxWidth: `${free}%` }
  const words = html`<span class="bar-text beside ${place}" style=${style}>${text}</span>`
  return html`<span
      class="bar ${tone} ${to === null ? 'open' : ''}"
      style=${{ left: `${begin}%`, width: `${width}%` }}
      title=${said}
      >${place === 'inside' && html`<span class="bar-text">${text}</span>`}</span
    >${(place === 'after' || place === 'before') && words}`
}
