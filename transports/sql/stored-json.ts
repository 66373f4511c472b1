/**
 * JSON in columns that we write ourselves. A row that was changed by hand is read in the most
 * careful way.
 */
import { readBoundedJson, type JsonBounds } from '../../schema/bounded-json.ts'
import type { Payload } from '../../schema/records.ts'
import type { PolicyChoices } from '../../schema/segment-policy.ts'

/** Our own JSON has little depth, and comes from one request. */
const BOUNDS: JsonBounds = { characters: 1_000_000, depth: 8, members: 10_000 }

const read = (text: string): unknown => {
  const reading = readBoundedJson(text, BOUNDS)
  return reading.kind === 'read' ? reading.value : undefined
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A payload that cannot be read names no event, so that nothing is done because of it. */
export function storedPayload(text: string): Payload {
  const value = read(text)
  if (!isObject(value)) return { unreadable: 'the stored payload is not a JSON object' }
  const entries = Object.entries(value)
  return Object.fromEntries(entries.filter(([, each]) => typeof each === 'string'))
}

/** Sentences, or one sentence that tells that they cannot be read. */
export function storedEvidence(text: string): readonly string[] {
  const value = read(text)
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
    ? value
    : ['the stored evidence is not a list of texts']
}

/**
 * When choices cannot be read, the most careful ones count, because the configured ones may allow
 * more than the operator chose.
 */
export function storedChoices(text: string): PolicyChoices {
  const value = read(text)
  return isObject(value) ? value : MOST_CAREFUL
}

const MOST_CAREFUL: PolicyChoices = {
  rungs: [{ kind: 'operator', limitMs: 3_600_000 }],
  trustReports: false,
  returnToService: 'operator',
  hostsMax: 1,
  shareMax: 0.01,
  instanceRebuild: 'forbid',
  instanceDisks: 'local',
  rebuildLocal: 'forbid',
  deadDomain: 'hosts',
}
