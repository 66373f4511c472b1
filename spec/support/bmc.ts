/** A BMC for specs: OpenIPMI's `ipmi_sim`, with a script as its machine. */
import { createSocket } from 'node:dgram'
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Secret, type IpmiSettings } from '../../schema/control-attributes.ts'
import type { PowerState } from '../../actors/ports/power.ts'
import {
  freePort,
  program,
  startServer,
  temporaryDirectory,
  type ServerProcess,
} from './process.ts'

/**
 * obey: does what it is told; refuse: answers an error; lie: answers success and does nothing;
 * slow: takes 0.7 s.
 */
export type BmcTemper = 'obey' | 'refuse' | 'lie' | 'slow'

/** One call of the machine's script, with the time of the wall clock. */
export interface ChassisCall {
  readonly atMs: number
  readonly what: string
}

export interface Bmc extends AsyncDisposable {
  readonly settings: IpmiSettings
  power(): Promise<PowerState>
  setPower(state: PowerState): Promise<void>
  setTemper(temper: BmcTemper): Promise<void>
  /** The orders that reached the chassis so far: `get power`, `set power 0`, … */
  calls(): Promise<readonly ChassisCall[]>
  /** Stops answering, but keeps its sessions. */
  freeze(): void
  thaw(): void
  /** Ends it for good. Disposal is still allowed. */
  kill(): Promise<void>
  /** Kills it and starts it again on the same port: every session is lost. */
  restart(): Promise<void>
}

const CHASSIS_SCRIPT = `#!/bin/sh
directory=$1; shift
echo "$(date +%s%3N) $*" >> "$directory/calls"
temper=$(cat "$directory/temper")
[ "$temper" = slow ] && sleep 0.7
case "$*" in
  "get power") echo "power:$(cat "$directory/power")" ;;
  "set power "*)
    [ "$temper" = refuse ] && exit 1
    [ "$temper" = lie ] || echo "$3" > "$directory/power" ;;
esac
exit 0
`

const EMULATOR = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`

/** What `ipmi_sim` reads of the BMC's network and users; without a command, it keeps the power itself. */
export const lanConfiguration = (
  settings: Pick<IpmiSettings, 'address' | 'port' | 'username' | 'password'>,
  chassisCommand?: string,
): string => `name "bmc${settings.port}"
set_working_mc 0x20
  startlan 1
    addr ${settings.address} ${settings.port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
${chassisCommand === undefined ? '' : `  chassis_control "${chassisCommand}"\n`}  user 1 true "" "unused" user 10 none md2 md5 straight
  user 2 true "${settings.username}" "${settings.password.reveal()}" admin 10 none md2 md5 straight
`

/** Starts a BMC on a free port of 127.0.0.1 whose machine is powered on. */
export async function startBmc(): Promise<Bmc> {
  const directory = await temporaryDirectory('bmc')
  const settings: IpmiSettings = {
    kind: 'ipmi',
    address: '127.0.0.1',
    port: await freePort(),
    username: 'fence',
    password: new Secret('s3cr3t-of-the-bmc'),
    cipherSuite: 3,
    privilege: 'ADMINISTRATOR',
  }
  const file = (name: string): string => join(directory.path, name)
  await Promise.all([
    writeFile(file('chassis.sh'), CHASSIS_SCRIPT),
    writeFile(file('bmc.emu'), EMULATOR),
    writeFile(
      file('lan.conf'),
      lanConfiguration(settings, `sh ${file('chassis.sh')} ${directory.path}`),
    ),
    replaceFile(file('power'), '1'),
    replaceFile(file('temper'), 'obey'),
    appendFile(file('calls'), ''),
  ])
  const start = (): Promise<ServerProcess> => startSimulator(directory.path, settings.port)
  let server = await start()
  const kill = async (): Promise<void> => {
    server.signal('SIGKILL')
    await server.ended
  }
  return {
    settings,
    power: async () => ((await readFile(file('power'), 'utf8')).trim() === '1' ? 'on' : 'off'),
    setPower: (state) => replaceFile(file('power'), state === 'on' ? '1' : '0'),
    setTemper: (temper) => replaceFile(file('temper'), temper),
    calls: async () => (await readFile(file('calls'), 'utf8')).split('\n').flatMap(chassisCall),
    freeze: () => server.signal('SIGSTOP'),
    thaw: () => server.signal('SIGCONT'),
    kill,
    async restart() {
      await kill()
      server = await start()
    },
    async [Symbol.asyncDispose]() {
      await kill()
      await directory[Symbol.asyncDispose]()
    },
  }
}

/** The script must never see a half-written file. */
async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, `${text}\n`)
  await rename(`${path}.new`, path)
}

function chassisCall(line: string): readonly ChassisCall[] {
  const [at, ...what] = line.split(' ')
  return what.length === 0 ? [] : [{ atMs: Number(at), what: what.join(' ') }]
}

async function startSimulator(directory: string, port: number): Promise<ServerProcess> {
  const server = await startServer({
    command: program('ipmi_sim', 'openipmi'),
    args: ['-n', '-c', 'lan.conf', '-f', 'bmc.emu', '-s', directory],
    cwd: directory,
  })
  await Promise.race([
    answersPresencePing(port),
    server.ended.then(() => {
      throw new Error(`ipmi_sim ended before it was ready:\n${server.output()}`)
    }),
  ])
  return server
}

const PRESENCE_PING = Buffer.from('0600ff06000011be80000000', 'hex')

/** ipmi_sim prints nothing when it is ready; it answers the RMCP presence ping (ASF 2.0 §3.2.4.3). */
async function answersPresencePing(port: number): Promise<void> {
  const socket = createSocket('udp4')
  const answered = Promise.withResolvers<void>()
  socket.once('message', () => answered.resolve())
  socket.on('error', answered.reject)
  const ping = setInterval(() => socket.send(PRESENCE_PING, port, '127.0.0.1'), 10)
  const timer = setTimeout(() => answered.reject(new Error('ipmi_sim does not answer')), 10_000)
  try {
    await answered.promise
  } finally {
    clearInterval(ping)
    clearTimeout(timer)
    socket.close()
  }
}
