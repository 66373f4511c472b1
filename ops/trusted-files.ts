/** Refuses files with secrets or settings of ours that another user can read or change. */
import { existsSync, realpathSync, statSync, type Stats } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Config } from '../schema/config.ts'
import { CodedError } from '../schema/errors.ts'
import { distrustOf, type FileUse } from '../schema/file-trust.ts'
import { policyFilesOf } from './roles/policy-file.ts'

/** One file or directory. When it does not exist yet, only its parent directories are checked. */
export interface TrustedPath {
  readonly what: string
  readonly path: string
  readonly use: FileUse
}

/** The file with the keys of stored credentials. */
export const keyFileOf = ({ store, ssh }: Config): string =>
  store.credentialsKeyFile ?? join(ssh.stateDirectory, 'credentials.key')

/** The files and directories that a real process reads and keeps. */
export function trustedPaths(config: Config): readonly TrustedPath[] {
  const { store, ssh, fence } = config
  const { stateDirectory } = ssh
  const paths: TrustedPath[] = [
    { what: 'the state directory', path: stateDirectory, use: 'directory' },
    { what: 'the SSH key', path: join(stateDirectory, 'id_ed25519'), use: 'private' },
    {
      what: 'the file of host keys',
      path: join(stateDirectory, 'known_host_keys'),
      use: 'trusted',
    },
    { what: 'the key file', path: keyFileOf(config), use: 'secret' },
    { what: 'the directory of fence commands', path: fence.commandsDirectory, use: 'directory' },
    { what: 'the directory of fence agents', path: fence.agentsDirectory, use: 'directory' },
  ]
  const { location } = store
  if (location.kind === 'sqlite' && location.path !== ':memory:') {
    paths.push({ what: 'the database', path: location.path, use: 'trusted' })
  }
  for (const path of config.api.policyDirs) {
    paths.push({ what: 'the directory of policy files', path, use: 'directory' })
  }
  for (const path of policyFilesOf(config.api)) {
    paths.push({ what: 'the policy file', path, use: 'trusted' })
  }
  for (const [what, path] of namedFiles(config)) {
    if (path !== undefined) paths.push({ what, path, use: 'trusted' })
  }
  return paths
}

/**
 * Files that the configuration names. A user who can change one of them decides which servers we
 * trust, or which hosts count as one.
 */
function namedFiles({ serving, store, bus, rabbit, compute, identity, ipmi, domains }: Config) {
  const database = store.location.kind === 'mysql' ? store.location.tls : undefined
  return [
    ['the certificate of the API', serving.tlsCertFile],
    ['the key of the API', serving.tlsKeyFile],
    ['the authority of the Compute service', compute.caFile],
    ['the authority of the Identity service', identity.caFile],
    ['the authority of the BMCs', ipmi.redfishCaFile],
    ['the file of failure domains', domains.file],
    ['the authority of the database', database?.caFile],
    ['the certificate for the database', database?.certFile],
    ['the key for the database', database?.keyFile],
    ['the authority of NATS', bus.caFile],
    ['the certificate for NATS', bus.certFile],
    ['the key for NATS', bus.keyFile],
    ['the credentials for NATS', bus.credentialsFile],
    ['the NKey for NATS', bus.nkeyFile],
    ['the authority of RabbitMQ', rabbit.caFile],
    ['the certificate for RabbitMQ', rabbit.certFile],
    ['the key for RabbitMQ', rabbit.keyFile],
  ] as const
}

/** CONFIG_INVALID names each path that cannot be trusted, and says what to do. */
export function refuseUntrusted(paths: readonly TrustedPath[]): void {
  const problems = [...new Set(paths.flatMap(problemsOf))]
  if (problems.length > 0) throw new CodedError('CONFIG_INVALID', problems.join('; '))
}

/**
 * Sentences about one path: the path itself, the directories in its name, and the directories to
 * which links lead.
 */
export function problemsOf({ what, path, use }: TrustedPath): readonly string[] {
  const named = resolve(path)
  const stats = statOf(named)
  const problems: string[] = []
  if (stats !== undefined) {
    const distrust = distrustOf(usedAs(use, stats), stats.mode)
    if (distrust !== undefined && !(use === 'directory' && isLent(stats))) {
      problems.push(`${what} ${path} cannot be used: ${distrust}`)
    }
  }
  const real = existsSync(named) ? realpathSync(named) : named
  for (const directory of new Set([...ancestorsOf(named), ...ancestorsOf(real)])) {
    const distrust = distrustOfAncestor(directory)
    if (distrust !== undefined) {
      problems.push(`${what} ${path} cannot be used: its directory ${directory}: ${distrust}`)
    }
  }
  return problems
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

/**
 * A private key that belongs to another user (root) and that we may read was given to us on
 * purpose; OpenSSH treats it in the same way.
 */
const usedAs = (use: FileUse, { uid }: Stats): FileUse =>
  use === 'private' && uid !== process.getuid?.() ? 'secret' : use

const STICKY = 0o1000

/** In a directory with the sticky bit, other users can add files, but cannot change ours. */
function distrustOfAncestor(directory: string): string | undefined {
  const stats = statOf(directory)
  if (stats === undefined || (stats.mode & STICKY) !== 0 || isLent(stats)) return undefined
  return distrustOf('directory', stats.mode)
}

/**
 * A volume that a container engine mounts for an unprivileged account: it belongs to root, and only
 * root and one of our groups can write to it.
 */
function isLent({ uid, gid, mode }: Stats): boolean {
  if (uid !== 0 || process.getuid?.() === 0 || (mode & 0o002) !== 0) return false
  return process.getegid?.() === gid || (process.getgroups?.() ?? []).includes(gid)
}

function ancestorsOf(path: string): readonly string[] {
  const directory = dirname(path)
  return directory === path ? [] : [directory, ...ancestorsOf(directory)]
}
