/** Notices whether somebody uses the page. */

const SIGNS = ['keydown', 'pointerdown', 'wheel', 'touchstart']
/** The gateway is told at most so often, ms. */
const TOLD_MS = 60_000

/**
 * Tells now and then that the page is used, and once that nobody did for the whole time.
 * @param {number} idleMs
 * @param {{ onUsed: () => void, onIdle: () => void }} listener
 * @returns {() => void} ends it
 */
export function keepAlive(idleMs, { onUsed, onIdle }) {
  let toldAt = Date.now()
  let usedAt = Date.now()
  const note = () => {
    usedAt = Date.now()
    if (usedAt - toldAt < Math.min(TOLD_MS, idleMs / 4)) return
    toldAt = usedAt
    onUsed()
  }
  // A timer of a sleeping machine stands still, so the time is compared and not counted.
  const timer = setInterval(
    () => {
      if (Date.now() - usedAt >= idleMs) onIdle()
    },
    Math.min(10_000, idleMs / 4),
  )
  for (const sign of SIGNS) addEventListener(sign, note, { passive: true })
  return () => {
    clearInterval(timer)
    for (const sign of SIGNS) removeEventListener(sign, note)
  }
}
