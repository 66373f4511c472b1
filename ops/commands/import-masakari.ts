/** `import-masakari`: takes segments, hosts, ended notifications and moves over from Masakari's database, which stays as it is. */
import type { Config } from '../../schema/config.ts'
import { CodedError } from '../../schema/errors.ts'
import { openMasakari } from '../../transports/sql/masakari-source.ts'
import { settledKeys } from '../../transports/vault/vault.ts'
import { field, print, printRows } from '../client/output.ts'
import { ImportReport } from '../masakari/import-report.ts'
import { importRows, type ImportTarget } from '../masakari/import-rows.ts'
import { optionChanges } from '../masakari/option-changes.ts'
import {
  sourceSettings,
  type SourceRequest,
  type SourceSettings,
} from '../masakari/source-settings.ts'
import { harmlessJson } from '../tap/harmless.ts'
import { readTlsMaterial } from '../tls-material.ts'
import { keyFileOf } from '../trusted-files.ts'
import { withStore, type StoreWork } from '../with-store.ts'

interface ImportRequest extends SourceRequest {
  readonly config: string
  readonly 'dry-run': boolean
  readonly json: boolean
}

/**
 * Exit statuses: 0 everything is here; 1 something is not, or a database is not available; 2 a file, a URL or a database cannot be
 * used.
 */
export async function importMasakari(asked: ImportRequest): Promise<number> {
  const { config: file, 'dry-run': isDry, json: isJson } = asked
  const settings = sourceSettings(asked)
  const { location } = settings
  const tls = location.tls && readTlsMaterial(location.tls, "Masakari's database")
  await using source = await openMasakari({ ...location, tls })
  const report = new ImportReport({ isDry, isJson })
  const status = await withStore(
    file,
    async (given) => {
      refuseOneDatabase(given.config, settings)
      const target = isDry ? previewOn(given) : await storeOf(given)
      await importRows({ source, target, report })
      report.close()
    },
    isDry ? 'untouched' : 'migrated',
  )
  if (status !== 0) return status
  printOptions(settings, isJson)
  return report.isIncomplete ? 1 : 0
}

const previewOn = ({ store }: StoreWork): ImportTarget => ({
  take: (table, rows) => store.previewImport(table, rows),
})

async function storeOf({ store, config }: StoreWork): Promise<ImportTarget> {
  const keyring = await settledKeys(store, keyFileOf(config))
  return { take: (table, rows) => store.importRows(table, rows, (text) => keyring.seal(text)) }
}

function refuseOneDatabase({ store }: Config, { location }: SourceSettings): void {
  const ours = store.location
  if (ours.kind !== 'mysql') return
  const same = (['host', 'port', 'database'] as const).every((key) => ours[key] === location[key])
  if (!same) return
  throw new CodedError(
    'CONFIG_INVALID',
    "[database] connection of --config names Masakari's own database: this product needs another one, so that Masakari can go on if you " +
      'turn back',
  )
}

/** The table at the end: what the file of Masakari would mean here. */
function printOptions({ file }: SourceSettings, isJson: boolean): void {
  if (file === undefined) return
  const options = optionChanges(file)
  if (isJson) return print(harmlessJson({ action: 'options', options }))
  print('')
  print('Options of this masakari.conf that change their meaning:')
  const columns = [field('option'), field('fate', 'here'), field('why')]
  printRows({ rows: options.map((each) => ({ ...each })), columns, empty: 'none', json: false })
}
