/** A name as an identifier of the API: lower-case letters, digits and `-`; empty when the name has none of them. */
export const slugOf = (name: string): string => words(name).join('-').slice(0, 63);

/** The key that Segment makes of an audience's name: "First-time shoppers" → "first_time_shoppers". */
export const audienceKeyOf = (name: string): string => words(name).join('_').slice(0, 255);

const words = (name: string): string[] =>
  name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .match(/[a-z0-9]+/g) ?? [];
