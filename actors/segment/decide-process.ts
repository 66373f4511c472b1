/** The rule for PROCESS notifications. Pure. */
import { finished, ignored, type Rule } from './decision.ts'

/** A process is reported. */
export const decideProcess: Rule = (_rules, _situation, { payload }) =>
  payload['event'] === 'STARTED'
    ? finished('a process that starts needs nothing')
    : ignored('processes are not recovered: the host itself is watched')
