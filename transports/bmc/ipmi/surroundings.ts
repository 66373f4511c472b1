/** What ipmitool needs to run: a pseudo-terminal, and its own home directory. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CodedError } from '../../../schema/errors.ts'
import type { PtyLibrary } from './ipmitool-shell.ts'

export interface IpmitoolSurroundings extends AsyncDisposable {
  readonly pty: PtyLibrary
  readonly home: string
}

/** Creates both. POWER_UNAVAILABLE when node-pty is not installed. */
export async function prepareSurroundings(): Promise<IpmitoolSurroundings> {
  const pty = await loadPty()
  const home = await privateHome()
  return {
    pty,
    home,
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  }
}

async function loadPty(): Promise<PtyLibrary> {
  try {
    return await import('node-pty')
  } catch (cause) {
    const sentence = 'node-pty is not installed: npm install, with python3, make and g++ present'
    throw new CodedError('POWER_UNAVAILABLE', sentence, { cause })
  }
}

/** ipmitool reads 4.7 MB of enterprise numbers at start, unless HOME holds a shorter list. */
async function privateHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'instance-ha-ipmi-'))
  const directory = join(home, '.local/usr/share/misc')
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'enterprise-numbers.txt'), ENTERPRISE_NUMBERS)
  return home
}

const ENTERPRISE_NUMBERS = `PRIVATE ENTERPRISE NUMBERS

Decimal
| Organization
| | Contact
| | | Email
| | | |
0
  Reserved
    Internet Assigned Numbers Authority
      iana&iana.org
2
  IBM
    -
      -
`
