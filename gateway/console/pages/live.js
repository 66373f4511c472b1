/** The gateway's stream of events: one connection for all pages of this window. */
import { useEffect, useRef, useState } from 'preact/hooks'
/** @import { LiveEvent } from './api-shapes.ts' */

const TYPES = [
  'host.observed',
  'leader.proclaimed',
  'recovery.stepped',
  'move.stepped',
  'guest.followed',
]
/** How many events are kept for the page of the feed. */
const KEPT_MAX = 500

/** A browser does not try again by itself when the stream was refused. */
const AGAIN_MS = 10_000

/** @type {ReturnType<typeof setTimeout> | undefined} */
let again
/** @type {Set<(event: LiveEvent) => void>} */
const listeners = new Set()
/** @type {Set<(state: string) => void>} */
const watchers = new Set()
/** @type {LiveEvent[]} */
const kept = []
/** @type {EventSource | undefined} */
let source
let state = 'off'

/**
 * Begins to listen to a stream. It reconnects by itself, and goes on after the last event that it has.
 * @param {string} path
 */
export function connect(path) {
  disconnect()
  source = new EventSource(path)
  setState('connecting')
  source.addEventListener('open', () => setState('live'))
  source.addEventListener('error', () => {
    const isRefused = source?.readyState === EventSource.CLOSED
    setState(isRefused ? 'off' : 'connecting')
    if (isRefused) again = setTimeout(() => connect(path), AGAIN_MS)
  })
  for (const type of TYPES) source.addEventListener(type, (event) => take(type, event))
  source.addEventListener('gap', (event) => take('gap', event))
}

export function disconnect() {
  clearTimeout(again)
  source?.close()
  source = undefined
  setState('off')
}

/**
 * @param {string} type
 * @param {MessageEvent} message
 */
function take(type, message) {
  const event = { id: message.lastEventId, type, data: JSON.parse(message.data) }
  kept.unshift(event)
  kept.length = Math.min(kept.length, KEPT_MAX)
  for (const listener of listeners) listener(event)
}

/** @param {string} next */
function setState(next) {
  state = next
  for (const watcher of watchers) watcher(next)
}

/** The latest events, the newest first. */
export const latestEvents = () => kept.slice()

/** Whether events arrive: `live`, `connecting` or `off`. */
export function useLiveState() {
  const [shown, show] = useState(state)
  useEffect(() => {
    watchers.add(show)
    show(state)
    return () => void watchers.delete(show)
  }, [])
  return shown
}

/**
 * Calls back with every event while the component is shown.
 * @param {(event: LiveEvent) => void} onEvent
 */
export function useEvents(onEvent) {
  const latest = useRef(onEvent)
  latest.current = onEvent
  useEffect(() => {
    /** @param {LiveEvent} event */
    const listener = (event) => latest.current(event)
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }, [])
}

/**
 * Calls back at most once in `everyMs`, at once after a quiet time: for what is read anew when
 * something has happened.
 * @param {() => void} action
 * @param {number} everyMs
 */
export function useThrottled(action, everyMs) {
  const latest = useRef(action)
  latest.current = action
  const timer = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined))
  const lastAt = useRef(0)
  useEffect(() => () => clearTimeout(timer.current), [])
  return () => {
    if (timer.current !== undefined) return
    const waitMs = Math.max(60, lastAt.current + everyMs - Date.now())
    timer.current = setTimeout(() => {
      timer.current = undefined
      lastAt.current = Date.now()
      latest.current()
    }, waitMs)
  }
}
