/** `policy`: shows the complete policy of a segment, and changes what its operators chose. */
import { chosenView, choicesOf } from '../../../gateway/views/policy-view.ts'
import type { SegmentPolicy } from '../../../schema/segment-policy.ts'
import { CodedError } from '../../../schema/errors.ts'
import { rowAt, segmentNamed, textAt } from '../../client/names.ts'
import { printRow } from '../../client/output.ts'
import { withApi } from '../../client/with-api.ts'
import { changePolicy, describePolicy } from '../../config/parse-policy.ts'
import type { CloudRequest } from './cloud-request.ts'

interface PolicyRequest extends CloudRequest {
  readonly segment: string
  /** NAME=VALUE */
  readonly choices: readonly string[]
}

/** Prints the policy of a segment, after the changes if there are any. All changes are made together, or none. */
export const policy = (asked: PolicyRequest) =>
  withApi(asked['os-cloud'], async (api) => {
    const segment = await segmentNamed(api, asked.segment)
    const path = `/segments/${textAt(segment, 'uuid')}/policy`
    const before = await api.whole(path)
    const changed = changePolicy(choicesOf(rowAt(before, 'chosen')), asked.choices)
    if (changed.kind === 'problem') throw new CodedError('CONFIG_INVALID', changed.text)
    const after =
      asked.choices.length === 0
        ? before
        : await api.send('PUT', path, { policy: chosenView(changed.choices) })
    if (asked.json) return printRow(after, [], true)
    // The API returns every field of the complete policy.
    const inForce = choicesOf(rowAt(after, 'policy')) as SegmentPolicy
    process.stdout.write(describePolicy(inForce, choicesOf(rowAt(after, 'chosen'))))
  })
