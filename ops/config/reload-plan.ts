/**
 * Compares the configuration in force with a changed one: which values a running process takes, and
 * which changes need a restart. Pure.
 */
import { OPTIONS, type Config } from '../../schema/config.ts'
import type { Option } from '../../schema/config/option.ts'
import { isTakenAtReload } from '../../schema/config/secret-files.ts'
import { Secret } from '../../schema/control-attributes.ts'
import { inBrackets } from './read-option.ts'

/** What a reload does. Options are named as `[section] option`. */
export interface ReloadPlan {
  readonly taken: readonly string[]
  readonly needRestart: readonly string[]
  /** The secrets in force, each with its new value. */
  readonly rotations: readonly { readonly from: Secret; readonly to: Secret }[]
}

interface Change {
  readonly name: string
  readonly isTaken: boolean
  readonly rotations: ReloadPlan['rotations']
}

/** The plan. A secret is not taken when its account changes in another way: they belong together. */
export function reloadPlan(inForce: Config, next: Config): ReloadPlan {
  const changes = Object.entries<Readonly<Record<string, Option>>>(OPTIONS).flatMap(
    ([part, options]) => {
      const [old, now] = [partOf(inForce, part), partOf(next, part)]
      const changed = Object.entries(options).flatMap(([key, option]) =>
        changeOf(option, old[key], now[key]),
      )
      const isWhole = changed.every(({ isTaken }) => isTaken)
      return changed.map((change) =>
        isWhole || change.rotations.length === 0 ? change : { ...change, isTaken: false },
      )
    },
  )
  const taken = changes.filter(({ isTaken }) => isTaken)
  return {
    taken: named(taken),
    needRestart: named(changes.filter(({ isTaken }) => !isTaken)),
    rotations: taken.flatMap(({ rotations }) => rotations),
  }
}

const named = (some: readonly Change[]): readonly string[] => some.map(({ name }) => name)

const partOf = (config: Config, part: string): Readonly<Record<string, unknown>> =>
  new Map<string, Readonly<Record<string, unknown>>>(Object.entries(config)).get(part) ?? {}

function changeOf(option: Option, old: unknown, now: unknown): readonly Change[] {
  const name = inBrackets(option.names[0])
  const [from, to] = [secretsIn(old), secretsIn(now)]
  const isEqual = JSON.stringify(old) === JSON.stringify(now) // secrets are masked in it
  if (isEqual && from.map(plain).join('\n') === to.map(plain).join('\n')) return []
  if (from.length === 0 || to.length === 0) {
    const isPlain = from.length === to.length
    return [{ name, isTaken: isPlain && isTakenAtReload(option), rotations: [] }]
  }
  const isRotation = isEqual && from.map(withoutPassword).join() === to.map(withoutPassword).join()
  if (!isRotation) return [{ name, isTaken: false, rotations: [] }]
  const rotations = from.flatMap((secret, index) => {
    const replacing = to[index]
    return replacing === undefined ? [] : [{ from: secret, to: replacing }]
  })
  return [{ name, isTaken: true, rotations }]
}

const plain = (secret: Secret): string => secret.reveal()

/** The URL of a broker without its password, since only the password may change. Empty for a secret that is not a URL. */
function withoutPassword(secret: Secret): string {
  const url = /^amqps?:/.test(secret.reveal()) ? URL.parse(secret.reveal()) : null
  if (url === null) return ''
  url.password = ''
  return url.href
}

/** All secrets in a value, in a fixed order. */
function secretsIn(value: unknown): readonly Secret[] {
  if (value instanceof Secret) return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(secretsIn)
}
