/** One event as the debugger shows it: checked, masked, with what became of it. */
export interface DebuggerEvent {
  readonly messageId: string;
  readonly receivedAt: string;
  readonly type: string;
  readonly event: string | null;
  readonly audienceKey: string | null;
  readonly person: readonly { type: string; masked: string }[];
  readonly result: 'accepted' | 'failed';
  readonly reason: string | null;
  readonly masked: unknown;
}

export interface LiveView {
  readonly onEvent: (event: DebuggerEvent) => void;
  readonly onConnection: (connected: boolean) => void;
}

/** Server-sent events; the browser connects again by itself. Gives the way to stop. */
export function watchSource(sourceId: string, { onEvent, onConnection }: LiveView): () => void {
  const stream = new EventSource(`/api/v1/sources/${encodeURIComponent(sourceId)}/debugger`);
  stream.addEventListener('open', () => onConnection(true));
  stream.addEventListener('error', () => onConnection(false));
  stream.addEventListener('event', (message: MessageEvent<string>) => onEvent(JSON.parse(message.data)));
  return () => stream.close();
}
