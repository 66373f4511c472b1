/** The figures that specs give to a dedup window. */
export const WINDOW_RULES = {
  observersMin: 2,
  freshMs: 15_000,
  settleMs: 6000,
  lookIntervalMs: 2000,
  contradictionMs: 60_000,
  quietMs: 30_000,
  quietMsMax: 300_000,
  keptOutMs: 10_000,
  doubtMs: 60_000,
  hostLookMs: 5000,
}
