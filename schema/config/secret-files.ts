/**
 * Every option whose value is a secret has a twin that names a file with the value: `password_file`
 * for `password`. The twins are made here, for all of these options at once.
 */
import type { Option } from './option.ts'

/** Kinds of options whose values are secret: passwords and tokens, and URLs with a password. */
const SECRET_KINDS: readonly Option['kind'][] = ['secret', 'store', 'amqp']

/** Whether the value of the option is, or contains, a secret. */
export const holdsSecret = ({ kind }: Option): boolean => SECRET_KINDS.includes(kind)

/** The name of the option that names a file with the value of this one. */
export const fileTwin = (name: string): string => `${name}_file`

/** Every name under which the option is read, those of its twins included. */
export const spellingsOf = (option: Option): readonly string[] =>
  holdsSecret(option) ? [...option.names, ...option.names.map(fileTwin)] : option.names

/** Whether a running process takes a changed value at SIGHUP. Of a URL, only its password. */
export const isTakenAtReload = (option: Option): boolean =>
  holdsSecret(option) || option.isTakenAtReload === true
