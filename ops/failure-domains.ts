/** Reads the file of failure domains that the configuration names. */
import { readFileSync, statSync } from 'node:fs'
import type { Config } from '../schema/config.ts'
import { CodedError, describeError } from '../schema/errors.ts'
import { readDomainFile, type DomainsByHost } from '../schema/failure-domains.ts'

/** Twenty thousand lines with two names each. */
const BYTES_MAX = 2_000_000

/** The domains by host; CONFIG_INVALID names each wrong line. Without a file, no host is named. */
export function loadFailureDomains({ domains: { file } }: Pick<Config, 'domains'>): DomainsByHost {
  if (file === undefined) return new Map()
  const { domains, problems } = readDomainFile(textOf(file))
  if (problems.length === 0) return domains
  throw new CodedError('CONFIG_INVALID', problems.map((each) => `${file} ${each}`).join('; '))
}

function textOf(file: string): string {
  try {
    if (statSync(file).size > BYTES_MAX) {
      throw new CodedError('CONFIG_INVALID', `${file} is larger than ${BYTES_MAX} bytes`)
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
  } catch (error) {
    throw new CodedError('CONFIG_INVALID', `cannot read ${file}: ${describeError(error)}`)
  }
}
