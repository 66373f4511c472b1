/** What specs of the libvirt transport share: a target by its socket, and a log that is kept. */
import type { LogPort } from '../../../actors/ports/log.ts'
import { parseConnectionUri, type Target } from '../../../transports/libvirt/connection-uri.ts'

/** The target of a socket. */
export function targetOf(socket: string): Target {
  const parsed = parseConnectionUri(`qemu:///system?socket=${encodeURIComponent(socket)}`)
  if (parsed.kind === 'refused') throw new Error(parsed.because)
  return parsed.target
}

/** A log whose lines are kept. */
export function lines(): { readonly log: LogPort; readonly said: string[] } {
  const said: string[] = []
  const say = (fields: object, text: string): void =>
    void said.push(`${text} ${JSON.stringify(fields)}`)
  return { said, log: { info: say, warn: say, error: say } }
}
