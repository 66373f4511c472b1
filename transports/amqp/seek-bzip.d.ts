/** What we use of the package `seek-bzip`, which ships no types. */
declare module 'seek-bzip' {
  interface ByteSink {
    writeByte(byte: number): void
  }
  const bunzip: { readonly decode: (input: Uint8Array, output: ByteSink) => void }
  export = bunzip
}
