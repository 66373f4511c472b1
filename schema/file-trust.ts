/**
 * Which permissions of a file or directory let another user read a secret, or change what this
 * process relies on. Pure.
 */

export type FileUse =
  /** A private key: only its owner may read it. */
  | 'private'
  /** A secret that a group of controllers may share for reading. */
  | 'secret'
  /** Others may read it; only its owner may change it. */
  | 'trusted'
  /** A directory of such files. A user who can write to it can replace them. */
  | 'directory'

const GROUP_WRITES = 0o020
const OTHERS_WRITE = 0o002
const OTHERS = 0o007
const GROUP_AND_OTHERS = 0o077

/**
 * Why the file cannot be trusted, and what to do about it; undefined when it can. `mode` is as
 * `stat` returns it.
 */
export function distrustOf(use: FileUse, mode: number): string | undefined {
  if (use === 'private') {
    return (mode & GROUP_AND_OTHERS) === 0
      ? undefined
      : 'other users of this machine can use it: chmod go= it'
  }
  if (use === 'secret' && (mode & OTHERS) !== 0) {
    return 'other users of this machine can use it: chmod o= it'
  }
  if ((mode & OTHERS_WRITE) !== 0) return 'every user of this machine can change it: chmod o-w it'
  return (mode & GROUP_WRITES) === 0 ? undefined : 'its group can change it: chmod g-w it'
}
