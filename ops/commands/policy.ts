/** `policy`: shows the complete policy of a segment, and changes what its operators chose. */
import { policyOf } from '../../actors/policy/segment-policy.ts'
import type { StorePort } from '../../actors/ports/store.ts'
import type { Segment } from '../../schema/records.ts'
import { changePolicy, describePolicy } from '../config/parse-policy.ts'
import { rulesOf } from '../roles/rules.ts'
import { withStore } from '../with-store.ts'

interface PolicyRequest {
  readonly config: string
  readonly segment: string
  /** NAME=VALUE */
  readonly choices: readonly string[]
}

/**
 * Exit statuses: 0 shown or changed; 1 the store is not available; 2 the arguments or the
 * configuration cannot be used.
 */
export async function policy(asked: PolicyRequest): Promise<number> {
  const { segment: name, choices: words } = asked
  let problem: string | undefined
  const status = await withStore(asked.config, async ({ store, config }) => {
    const segment = await findSegment(store, name)
    if (segment === undefined) {
      problem = `there is no segment ${name}`
      return
    }
    const changed = changePolicy(await store.getPolicy(segment.uuid), words)
    if (changed.kind === 'problem') {
      problem = changed.text
      return
    }
    const { choices } = changed
    if (words.length > 0) await store.setPolicy(segment.uuid, choices)
    const inForce = policyOf(rulesOf(config).recovery, segment.name, choices)
    process.stdout.write(describePolicy(inForce, choices))
  })
  if (problem === undefined) return status
  process.stderr.write(`${problem}\n`)
  return 2
}

/** Finds a segment by name or uuid. There are few segments, so all of them are read. */
async function findSegment(store: StorePort, name: string): Promise<Segment | undefined> {
  const segments = await store.listSegments({}, { limit: 100_000, sort: [] })
  return segments.find((segment) => segment.name === name || segment.uuid === name)
}
