/** Draws lanes of bars over one axis of time. */
import { html, span, useNow } from './ui.js'
/** @import { Bar, Lane } from './types.ts' */

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
  return html`<div class="timeline" role="list" aria-label="Timeline">
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
            ${lane.bars.map((bar) => html`<${BarOf} bar=${bar} start=${start} length=${length} now=${now} />`)}
          </div>
        </div>`,
    )}
  </div>`
}

/** @param {{ bar: Bar, start: number, length: number, now: number }} props */
function BarOf({ bar, start, length, now }) {
  const { from, tone, text } = bar
  const to = bar.to ?? Math.max(from, now)
  const share = (/** @type {number} */ ms) => (ms / length) * 100
  const [begin, width] = [share(from - start), share(to - from)]
  const lasted = to > from ? ` (${span(to - from)}${bar.to === null ? ' so far' : ''})` : ''
  const said = `${span(from - start)}: ${text}${lasted}`
  // The words stand inside a long bar, beside a short one, and before one that begins late.
  const place = width > 45 ? 'inside' : begin + width < 55 ? 'after' : 'before'
  const style = place === 'before' ? { right: `${100 - begin}%` } : { left: `${begin + width}%` }
  return html`<span
      class="bar ${tone} ${to > from ? '' : 'mark'} ${bar.to === null ? 'open' : ''}"
      style=${{ left: `${begin}%`, width: `${width}%` }}
      title=${said}
      >${place === 'inside' && html`<span class="bar-text">${text}</span>`}</span
    >${
      place !== 'inside' &&
      html`<span class="bar-text beside ${place}" style=${style} title=${said}>${text}</span>`
    }`
}
