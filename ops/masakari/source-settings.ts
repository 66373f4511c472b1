/** Where Masakari's database is, and its account: from a URL, or from a masakari.conf. */
import { dirname } from 'node:path'
import { STORE } from '../../schema/config/node.ts'
import type { StoreLocation } from '../../schema/config/option.ts'
import { Secret } from '../../schema/control-attributes.ts'
import { CodedError } from '../../schema/errors.ts'
import { layered } from '../config/layers.ts'
import { parseIni, type IniFile } from '../config/parse-ini.ts'
import { readStore } from '../config/read-location.ts'
import { readOption } from '../config/read-option.ts'
import { readConfigFile, readSecretFile } from '../config/setting-files.ts'
import { describeProblems } from '../load-config.ts'

/** What the command line says about the source. */
export interface SourceRequest {
  readonly from: string | undefined
  readonly 'from-config': string | undefined
  readonly 'password-file': string | undefined
}

/** The database, and the file that names it, when it was a file. */
export interface SourceSettings {
  readonly location: MysqlLocation
  readonly file: IniFile | undefined
}
type MysqlLocation = Extract<StoreLocation, { readonly kind: 'mysql' }>

const FORM = 'mysql+pymysql://USER@HOST:PORT/DATABASE'

/** CONFIG_INVALID when the command line or a file that it names cannot be used. */
export function sourceSettings(request: SourceRequest): SourceSettings {
  const { from, 'from-config': path } = request
  if ((from === undefined) === (path === undefined)) {
    throw wrong("say where Masakari's database is with either --from or --from-config")
  }
  if (from !== undefined) return { location: fromUrl(from, request), file: undefined }
  if (request['password-file'] !== undefined) throw wrong('--password-file belongs to --from')
  return fromFile(String(path))
}

function fromUrl(url: string, { 'password-file': passwordFile }: SourceRequest): MysqlLocation {
  const reading = readStore(url)
  if (reading === undefined) throw wrong(`--from is not a URL of the form ${FORM}`)
  if ('problem' in reading) throw wrong(`--from: ${reading.problem}`)
  const location = mysqlOf(reading.value, '--from')
  if (location.password.reveal() !== '') {
    throw wrong(
      'the password in --from can be read by every user of this machine: change it, leave it out of the URL, and name a file that ' +
        'holds it with --password-file, or use --from-config with a masakari.conf',
    )
  }
  if (passwordFile === undefined) return location
  const secret = readSecretFile(passwordFile, '--password-file')
  if ('problems' in secret) throw wrong(secret.problems.join('; '))
  return { ...location, password: new Secret(secret.text) }
}

function fromFile(path: string): SourceSettings {
  const reading = readConfigFile(path)
  if ('problems' in reading) throw wrong(reading.problems.join('; '))
  const file = parseIni(reading.text)
  const settings = layered([{ source: path, ini: file }])
  const option = readOption(STORE.location, { settings, origin: 'file', directory: dirname(path) })
  if (option.kind === 'problem') throw wrong(describeProblems([option.problem]))
  if (option.name === undefined) throw wrong(`${path} has no [database] connection`)
  // The option's kind is `store`.
  return { location: mysqlOf(option.value as StoreLocation, path), file }
}

function mysqlOf(location: StoreLocation, where: string): MysqlLocation {
  if (location.kind === 'mysql') return location
  throw wrong(`${where}: only a MySQL or MariaDB database can be imported (${FORM})`)
}

const wrong = (text: string): CodedError => new CodedError('CONFIG_INVALID', text)
