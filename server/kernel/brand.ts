declare const brand: unique symbol;

/** A type of its own for an id or a unit, so that a number of milliseconds is not taken for a count of rows. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
