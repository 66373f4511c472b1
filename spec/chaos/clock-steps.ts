/**
 * Loaded into a process of the product before everything else: each SIGUSR2 sets its wall clock half a minute ahead, or back again.
 * Its monotonic clock goes on, as on a machine whose time is set.
 */
const STEP_MS = 30_000

const now = Date.now.bind(Date)
let aheadMs = 0
Date.now = () => now() + aheadMs
process.on('SIGUSR2', () => {
  aheadMs = aheadMs === 0 ? STEP_MS : 0
})
