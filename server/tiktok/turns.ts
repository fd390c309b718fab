export interface Waiter<Place> {
  advertiserId: string;
  start(place: Place): void;
}

/** First come, first served within an advertiser; advertisers in turn. */
export function createTurns<Place>() {
  const lines = new Map<string, Waiter<Place>[]>();
  return {
    add(waiter: Waiter<Place>): void {
      const line = lines.get(waiter.advertiserId);
      if (line) line.push(waiter);
      else lines.set(waiter.advertiserId, [waiter]);
    },
    first(mayStart: (advertiserId: string) => boolean): Waiter<Place> | undefined {
      for (const [advertiserId, line] of lines) if (mayStart(advertiserId)) return line[0];
      return undefined;
    },
    /** Takes the first of its line out, and its advertiser goes to the end of the turn. */
    serve({ advertiserId }: Waiter<Place>): void {
      const line = lines.get(advertiserId) ?? [];
      line.shift();
      lines.delete(advertiserId);
      if (line.length > 0) lines.set(advertiserId, line);
    },
    /** Somebody gave up: the others keep their places. */
    leave(waiter: Waiter<Place>): void {
      const rest = (lines.get(waiter.advertiserId) ?? []).filter((other) => other !== waiter);
      if (rest.length > 0) lines.set(waiter.advertiserId, rest);
      else lines.delete(waiter.advertiserId);
    },
    advertisers: (): string[] => [...lines.keys()],
  };
}
