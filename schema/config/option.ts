/**
 * How one option is declared: its names in the file, its type and limits, its default, and what
 * goes wrong when a number is too low or too high.
 */
import type { Secret } from '../control-attributes.ts'

/** Where the store is. */
export type StoreLocation =
  | { readonly kind: 'sqlite'; readonly path: string }
  | {
      readonly kind: 'mysql'
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password: Secret
      readonly database: string
      /** Undefined means no encryption. */
      readonly tls: TlsOptions | undefined
    }

/**
 * What is checked of a server's certificate. identity: the authority and the name; chain: only the
 * authority; nothing: no check.
 */
export type TlsCheck = 'identity' | 'chain' | 'nothing'

/**
 * How a connection is encrypted. Files are PEM; without a `caFile` the authorities of the system
 * are accepted.
 */
export interface TlsOptions {
  readonly caFile: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
  readonly check: TlsCheck
  readonly ciphers?: string | undefined
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
}

/** The brokers of one RabbitMQ cluster. */
export interface AmqpBrokers {
  /** AMQP URLs, one a broker; secret because they hold passwords. */
  readonly urls: readonly [Secret, ...Secret[]]
  /**
   * What the URL itself says about encryption; when it says nothing, [oslo_messaging_rabbit]
   * decides.
   */
  readonly tls: TlsOptions | 'off' | undefined
}

/** Where the bus is: inside this process, or NATS servers as `nats://host:port` or `tls://host:port`. */
export type BusLocation =
  { readonly kind: 'memory' } | { readonly kind: 'nats'; readonly servers: readonly string[] }

/** A TCP port of a host, by name or address. */
export interface NetworkAddress {
  readonly host: string
  readonly port: number
}

/** Where a libvirt daemon listens. */
export type HypervisorAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }

/** Two doors to one daemon: one to look, one to ask guests. */
export interface HypervisorDoors {
  readonly readOnly: HypervisorAddress
  readonly full: HypervisorAddress
}

/** A libvirt daemon, by the places where it may listen, in the order to try them. */
export interface HypervisorLocation {
  /** What it is asked to open. */
  readonly driver: string
  readonly doors: readonly [HypervisorDoors, ...HypervisorDoors[]]
}

/** Which entry of the Identity service's catalogue to use. */
export interface CatalogEndpoint {
  readonly serviceType: string
  readonly serviceName: string
  readonly interface: 'public' | 'internal' | 'admin'
}

/** What type the value of each kind of option has after reading. Durations are milliseconds. */
export interface OptionValues {
  readonly text: string
  readonly secret: Secret
  readonly seconds: number
  readonly whole: number
  readonly share: number
  readonly switch: boolean
  readonly choice: string
  readonly choices: readonly string[]
  readonly names: readonly string[]
  /** A file that must be readable at start. */
  readonly file: string
  readonly directory: string
  /**
   * A file that may be absent. A relative path begins in the directory of the configuration file.
   */
  readonly beside: string
  /**
   * Directories that may be absent. Relative paths begin in the directory of the configuration
   * file.
   */
  readonly besides: readonly string[]
  /** `http` or `https`, without a slash at the end. */
  readonly url: string
  readonly endpoint: CatalogEndpoint
  readonly store: StoreLocation
  readonly bus: BusLocation
  readonly amqp: AmqpBrokers
  readonly libvirt: HypervisorLocation
  readonly addresses: readonly NetworkAddress[]
}

interface Described {
  /**
   * `<section>.<option>`, the preferred name first. When the file has several of them, the first in
   * this list counts.
   */
  readonly names: readonly [string, ...string[]]
  /** Written as in the file. Without a default the value may be undefined. */
  readonly default?: string
  /** The default when no file is given and all roles run in one process. */
  readonly embedded?: string
  /** Several lines of this option are several values; without this, the last line counts. */
  readonly isRepeated?: true
  /** A running process takes a changed value at SIGHUP. Secrets do not need this mark. */
  readonly isTakenAtReload?: true
  /** One or two sentences that say what the option is for. */
  readonly meaning: string
  /** What goes wrong when a number is too low, and when it is too high. */
  readonly low?: string
  readonly high?: string
}

interface Ranged extends Described {
  readonly kind: 'seconds' | 'whole' | 'share'
  /** In the unit of the file: seconds, a number of things, or a share of one. */
  readonly min: number
  readonly max: number
  readonly low: string
  readonly high: string
}

interface Chosen extends Described {
  readonly kind: 'choice' | 'choices'
  readonly of: readonly [string, ...string[]]
}

interface Plain extends Described {
  readonly kind: Exclude<keyof OptionValues, 'seconds' | 'whole' | 'share' | 'choice' | 'choices'>
}

/** One option. `seconds` are written as seconds and read as milliseconds. */
export type Option = Ranged | Chosen | Plain

/** Options of one part of the configuration, by their name in the code. */
export type OptionGroup = Readonly<Record<string, Option>>

type ChoiceOf<Declared> = Declared extends { readonly of: readonly (infer Choice)[] }
  ? Choice
  : never

type Present<Declared extends Option> = Declared['kind'] extends 'choice'
  ? ChoiceOf<Declared>
  : Declared['kind'] extends 'choices'
    ? readonly ChoiceOf<Declared>[]
    : OptionValues[Declared['kind']]

/** The value of a declared option: undefined only when it has no default. */
export type ValueOf<Declared extends Option> = Declared extends { readonly default: string }
  ? Present<Declared>
  : Present<Declared> | undefined
