/** What specs of the libvirt transport share: a daemon by its socket, and a log that is kept. */
import type { LogPort } from '../../../actors/ports/log.ts'
import { readLibvirtUri } from '../../../ops/config/libvirt-uri.ts'
import type { HypervisorLocation } from '../../../schema/config/option.ts'

/** The daemon behind a socket. */
export function locationOf(socket: string): HypervisorLocation {
  const read = readLibvirtUri(`qemu:///system?socket=${encodeURIComponent(socket)}`)
  if ('problem' in read) throw new Error(read.problem)
  return read.value
}

/** A log whose lines are kept. */
export function lines(): { readonly log: LogPort; readonly said: string[] } {
  const said: string[] = []
  const say = (fields: object, text: string): void =>
    void said.push(`${text} ${JSON.stringify(fields)}`)
  return { said, log: { info: say, warn: say, error: say } }
}
