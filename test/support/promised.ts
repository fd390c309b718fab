/** A promise and what keeps it, for tests that hold something open. Node 20 has no Promise.withResolvers. */
export function promised(): { readonly promise: Promise<void>; readonly keep: () => void } {
  let keep = (): void => {};
  const promise = new Promise<void>((kept) => {
    keep = kept;
  });
  return { promise, keep };
}
