/** Microseconds of an order stamp to what people read. */
export const dateOf = (us: number | null): Date | null => (us === null ? null : new Date(Math.floor(us / 1_000)));
