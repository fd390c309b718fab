/** Texts of statements are written in the code, some hundreds; this is for one that somebody builds without end. */
const namesMax = 1_000;

/**
 * Gives each text a name, under which a connection keeps what the database has understood of it. A statement without values
 * has none: it may be several, which only the simple protocol takes.
 */
export function statementNames(): (statement: { text: string; values: unknown[] }) => { readonly name?: string } {
  const names = new Map<string, { readonly name: string }>();
  return ({ text, values }) => {
    if (values.length === 0) return {};
    const known = names.get(text);
    if (known) return known;
    if (names.size === namesMax) return {};
    const named = { name: `s${names.size}` };
    names.set(text, named);
    return named;
  };
}
