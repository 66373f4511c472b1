/** Whether a step is still allowed at the time when it is done (promise I8). */
export type Grant =
  { readonly kind: 'granted' } | { readonly kind: 'refused'; readonly reason: string }
