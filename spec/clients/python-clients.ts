/**
 * The distribution's openstackclient, masakariclient and openstacksdk in one long-lived Python
 * process.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { at } from '../support/gateway.ts'

/** Debian's packages are found by Debian's interpreter only. */
const PYTHON = '/usr/bin/python3'

export interface CliAnswer {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface PythonClients extends AsyncDisposable {
  /** `openstack <args>`. */
  readonly cli: (...args: readonly string[]) => Promise<CliAnswer>
  /** The same with `-f json`; throws its error output when it fails. */
  readonly cliJson: (...args: readonly string[]) => Promise<unknown>
  /** A method of the SDK's `instance_ha`; `error` and `status` are set when it raises. */
  readonly sdk: (method: string, args?: readonly unknown[], kwargs?: object) => Promise<unknown>
}

/** Starts Python with the environment of one user (`OS_*`). */
export function startPythonClients(env: Readonly<Record<string, string>>): PythonClients {
  const child = spawn(PYTHON, ['-W', 'ignore', `${import.meta.dirname}/driver.py`], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: '/nonexistent', ...env },
  })
  const said = text(child.stderr)
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let turn: Promise<unknown> = Promise.resolve()
  const ask = async (request: object): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(request)}\n`)
    const answer = await answers.next()
    if (answer.done === true) throw new Error(`Python ended: ${await said}`)
    return JSON.parse(answer.value) as unknown
  }
  const inTurn = (request: object): Promise<unknown> => {
    const answer = turn.then(() => ask(request))
    turn = answer.catch(() => undefined)
    return answer
  }
  const cli = async (...args: readonly string[]): Promise<CliAnswer> => {
    const answer = await inTurn({ cli: args })
    return {
      code: Number(at(answer, 'code')),
      out: String(at(answer, 'out')),
      err: String(at(answer, 'err')),
    }
  }
  return {
    cli,
    async cliJson(...args) {
      const { code, out, err } = await cli(...args, '-f', 'json')
      if (code !== 0) throw new Error(`openstack ${args.join(' ')}: ${err}`)
      return JSON.parse(out) as unknown
    },
    sdk: (method, args = [], kwargs = {}) => inTurn({ sdk: method, args, kwargs }),
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      child.kill('SIGKILL')
      await said
    },
  }
}
