/** What may be forbidden between deciding a step and doing it (promise I8). */
export type Grant =
  { readonly kind: 'granted' } | { readonly kind: 'refused'; readonly reason: string }
