/** Asks a host with settings that are not stored yet, for the console. It only reads. */
import { isPowerTrouble, type PowerPort } from '../../actors/ports/power.ts'
import type { ShellPort } from '../../actors/ports/shell.ts'
import type { ProbeHost, ProbeResult } from '../../gateway/console/probe.ts'
import { bmcsOf, type BmcSettings, type SshSettings } from '../../schema/control-attributes.ts'
import { describeError } from '../../schema/errors.ts'

interface ProbeWorld {
  readonly power: Pick<PowerPort, 'read'>
  readonly shell: Pick<ShellPort, 'probe' | 'forget'>
}

const SSH_TIMEOUT_MS = 8000

/** Asks every BMC that the settings name, and the SSH server. */
export function hostProbe(world: ProbeWorld): ProbeHost {
  return async (settings, signal) => {
    const { ssh } = settings
    const asked = bmcsOf(settings).map((bmc) => askBmc(world, bmc, signal))
    return await Promise.all([...asked, ...(ssh === undefined ? [] : [askShell(world, ssh)])])
  }
}

async function askBmc(
  { power }: ProbeWorld,
  bmc: BmcSettings,
  signal: AbortSignal,
): Promise<ProbeResult> {
  try {
    const state = await power.read(bmc, signal)
    return { channel: bmc.kind, ok: true, text: `the chassis power is ${state}` }
  } catch (error) {
    if (!isPowerTrouble(error)) throw error
    return { channel: bmc.kind, ok: false, text: describeError(error) }
  }
}

async function askShell({ shell }: ProbeWorld, target: SshSettings): Promise<ProbeResult> {
  try {
    const { outcome, detail } = await shell.probe(target, SSH_TIMEOUT_MS)
    return { channel: 'ssh', ok: outcome === 'alive', text: `${outcome}: ${detail}` }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    // A gateway alone has no key pair for SSH.
    return { channel: 'ssh', ok: false, text: 'not asked: this process asks no hosts over SSH' }
  } finally {
    forgetQuietly(shell, target)
  }
}

/** The host may be watched from this process over the same connection later. */
function forgetQuietly(shell: ProbeWorld['shell'], target: SshSettings): void {
  try {
    shell.forget(target)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
}
