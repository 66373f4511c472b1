/** What a check found: well or not, in one sentence, and what to do. */
import { describeError, isCoded } from '../../schema/errors.ts'

/** unknown: it could not be checked; that is no fault. */
export type Verdict = 'well' | 'warning' | 'broken' | 'unknown'

export interface DoctorFinding {
  /** The part of the world, such as `database`. */
  readonly part: string
  /** What of it was checked. */
  readonly check: string
  readonly verdict: Verdict
  readonly detail: string
  /** What to do; null when nothing is to be done. */
  readonly mend: string | null
}

interface Question {
  readonly part: string
  readonly check: string
  /** What to do when it is broken. */
  readonly mend: string
}

/** What a check answers when it is not simply well. */
export type CheckAnswer =
  string | { readonly verdict: Verdict; readonly detail: string; readonly mend?: string }

/** Looks, and turns what is thrown into a finding: a check that fails is a fault of the world. */
export async function examine(
  { part, check, mend }: Question,
  look: () => Promise<CheckAnswer>,
): Promise<DoctorFinding> {
  try {
    const answer = await look()
    if (typeof answer === 'string') {
      return { part, check, verdict: 'well', detail: answer, mend: null }
    }
    const advice = answer.verdict === 'well' ? null : (answer.mend ?? mend)
    return { part, check, verdict: answer.verdict, detail: answer.detail, mend: advice }
  } catch (error) {
    const detail = isCoded(error) ? error.message : describeError(error)
    return { part, check, verdict: 'broken', detail, mend }
  }
}

/** A finding that was not looked for. */
export const finding = (
  part: string,
  check: string,
  verdict: Verdict,
  { detail, mend = null }: { readonly detail: string; readonly mend?: string | null },
): DoctorFinding => ({ part, check, verdict, detail, mend })
