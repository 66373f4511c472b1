/** A taken spare stands in its own rack, whatever aggregates a recovery made it join. */
import test from 'ava'
import { AggregateReader } from '../../../actors/verification/aggregate-reader.ts'
import { domainsInAggregates } from '../../../schema/failure-domains.ts'
import { hostName } from '../../../schema/ids.ts'
import { ONE, TWO } from '../records.ts'

const SPARE = hostName('Spare-1')
const { signal } = new AbortController()

/** Rack 1 with two hosts, and rack 2 with the spare. */
function scene() {
  const state = { isMember: false, isRecorded: false, undoneWhileRead: false }
  const reader = new AggregateReader({
    compute: {
      listAggregates: async () => {
        const first = state.isMember ? [ONE, TWO, SPARE] : [ONE, TWO]
        if (state.undoneWhileRead) Object.assign(state, { isMember: false, isRecorded: false })
        return [
          { id: '1', name: 'rack-1', hosts: first, metadata: { rack: '1' } },
          { id: '2', name: 'rack-2', hosts: [SPARE], metadata: { rack: '2' } },
        ]
      },
    },
    store: {
      listJoinedAggregates: async () =>
        state.isRecorded ? [{ host: hostName('spare-1'), aggregate: '1' }] : [],
    },
  })
  const domainsOf = async (host: string): Promise<readonly string[] | undefined> =>
    domainsInAggregates(await reader.read(signal), ['rack']).get(host)
  return { state, domainsOf }
}

test('a spare that a recovery made a member does not get the rack of the dead host', async (t) => {
  const { state, domainsOf } = scene()
  t.deepEqual(await domainsOf('spare-1'), ['rack:2'])
  Object.assign(state, { isMember: true, isRecorded: true })
  t.deepEqual(await domainsOf('spare-1'), ['rack:2'])
  t.deepEqual(await domainsOf('compute-1'), ['rack:1'])
  state.undoneWhileRead = true
  t.deepEqual(await domainsOf('spare-1'), ['rack:2'], 'it left while the aggregates were read')
  t.deepEqual(await domainsOf('spare-1'), ['rack:2'])
})

test('a host that an operator made a member gets the rack', async (t) => {
  const { state, domainsOf } = scene()
  state.isMember = true
  t.deepEqual(await domainsOf('spare-1'), ['rack:1', 'rack:2'])
})
