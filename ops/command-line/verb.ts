/** How a verb of the command line is declared: what it is for, what it takes, and how it ends. */

/** An option. Its name is its key in the declaration, without the dashes. */
export interface OptionSpec {
  /** `whole` is a whole number, `list` may be given several times. */
  readonly kind: 'text' | 'flag' | 'whole' | 'list'
  /** What stands for the value in the help, such as `FILE`. A value FILE is completed as a path. */
  readonly value?: string
  readonly help: string
  /** No other text is accepted. */
  readonly choices?: readonly string[]
  readonly required?: true
  /** Smallest value of a whole number; 0 when it is absent. */
  readonly least?: number
  /** Largest value of a whole number. */
  readonly most?: number
}

/** An argument without dashes; `any` and `some` take all that are left, `some` at least one. */
export interface ArgumentSpec {
  readonly shape: 'one' | 'optional' | 'any' | 'some'
  readonly help: string
  readonly choices?: readonly string[]
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>
export type ArgumentSpecs = Readonly<Record<string, ArgumentSpec>>

type Optional<Spec extends OptionSpec, Value> = Spec extends { readonly required: true }
  ? Value
  : Value | undefined
type ValueOf<Spec extends OptionSpec> = {
  readonly flag: boolean
  readonly text: Optional<Spec, string>
  readonly whole: Optional<Spec, number>
  readonly list: readonly string[]
}[Spec['kind']]
/** The values of the options. */
export type ValuesOf<Options extends OptionSpecs> = {
  readonly [Name in keyof Options]: ValueOf<Options[Name]>
}
type TakenOf<Spec extends ArgumentSpec> = {
  readonly one: string
  readonly optional: string | undefined
  readonly any: readonly string[]
  readonly some: readonly string[]
}[Spec['shape']]
/** The arguments, by the names of the declaration. */
export type ArgumentsOf<Arguments extends ArgumentSpecs> = {
  readonly [Name in keyof Arguments]: TakenOf<Arguments[Name]>
}

/** What all verbs say of themselves. */
interface Told {
  /** One line, which lists of verbs show, too. */
  readonly about: string
  /** Further paragraphs of the help. */
  readonly more?: string
  /** What a person would type, without the name of the command. */
  readonly examples: readonly string[]
  /** What the exit statuses mean; 2 is always a wrong use. */
  readonly statuses: { readonly 0: string; readonly 1?: string; readonly 2?: string }
}

interface Declared<Options extends OptionSpecs, Arguments extends ArgumentSpecs> extends Told {
  readonly options: Options
  readonly arguments: Arguments
  /** Returns the exit status. It loads its modules itself, so that no verb waits for those of others. */
  readonly run: (given: ValuesOf<Options> & ArgumentsOf<Arguments>) => Promise<number>
}

/** A declared verb, whatever it takes. */
export interface Verb extends Told {
  readonly options: OptionSpecs
  readonly arguments: ArgumentSpecs
  readonly run: (given: Readonly<Record<string, unknown>>) => Promise<number>
}

/** Declares a verb. */
export const verb = <const Options extends OptionSpecs, const Arguments extends ArgumentSpecs>(
  declared: Declared<Options, Arguments>,
): Verb => declared as unknown as Verb // the program reads each value by its declaration

/** Verbs that are shown together in the help. */
export interface VerbGroup {
  readonly title: string
  /** By their words: `segment list`. */
  readonly verbs: Readonly<Record<string, Verb>>
}
