/** All hosts, read once for all pages and kept up to date by the events. */
import { useEffect, useState } from 'preact/hooks'
import { get, may } from './api.js'
import { useEvents, useThrottled } from './live.js'
/** @import { FleetInfo, FleetHost, FleetSegment, LiveEvent } from './api-shapes.ts' */

/** @type {FleetInfo | undefined} */
let fleet
/** @type {Error | undefined} */
let problem
/** @type {Set<() => void>} */
const watchers = new Set()

/** A change of the fleet is read again at most so often, ms. */
const AGAIN_MS = 1000

export function forgetFleet() {
  fleet = undefined
  problem = undefined
}

/** @type {Promise<void> | undefined} */
let reading

/** Reads all hosts again; whoever asks meanwhile waits for the same answer. */
export function readFleet() {
  reading ??= readOnce().finally(() => {
    reading = undefined
  })
  return reading
}

async function readOnce() {
  try {
    fleet = await get('v1/fleet')
    problem = undefined
  } catch (error) {
    problem = error instanceof Error ? error : new Error(String(error))
  }
  for (const watcher of watchers) watcher()
}

/**
 * What an event says of a host is shown at once, before the rest is read again.
 * @param {LiveEvent} event
 */
function patch({ type, data }) {
  if (type !== 'host.observed' || fleet === undefined) return
  const state = String(data['state'])
  const segments = fleet.segments.map((segment) => ({
    ...segment,
    hosts: segment.hosts.map((host) =>
      host.uuid === data['host_uuid'] ? { ...host, state } : host,
    ),
  }))
  fleet = { ...fleet, segments }
  for (const watcher of watchers) watcher()
}

const OF_THE_FLEET = ['host.observed', 'recovery.stepped', 'gap']

/** The fleet, for those who may see it. */
export function useFleet() {
  const [, draw] = useState(0)
  const again = useThrottled(() => void readFleet(), AGAIN_MS)
  useEffect(() => {
    const watcher = () => draw((count) => count + 1)
    watchers.add(watcher)
    if (fleet === undefined && may('os-hosts:index')) void readFleet()
    return () => void watchers.delete(watcher)
  }, [])
  useEvents((event) => {
    if (!OF_THE_FLEET.includes(event.type)) return
    patch(event)
    again()
  })
  return { fleet, error: problem, reload: () => void readFleet() }
}

/**
 * A host and its segment, by id or name.
 * @param {FleetInfo | undefined} from
 * @param {string} wanted
 * @returns {{ host: FleetHost, segment: FleetSegment } | undefined}
 */
export function findHost(from, wanted) {
  for (const segment of from?.segments ?? []) {
    const host = segment.hosts.find(({ uuid, name }) => uuid === wanted || name === wanted)
    if (host !== undefined) return { host, segment }
  }
  return undefined
}
