import type { components } from './openapi.d.ts';

/** One event as the debugger shows it: checked, masked, with what became of it. */
export type DebuggerEvent = components['schemas']['DebuggerEvent'];

export interface LiveView {
  readonly onEvent: (event: DebuggerEvent) => void;
  /** More came in than can be looked at: so many were left out. */
  readonly onSampled: (left: number) => void;
  readonly onConnection: (connected: boolean) => void;
}

/** Server-sent events; the browser connects again by itself. Gives the way to stop. */
export function watchSource(sourceId: string, { onEvent, onSampled, onConnection }: LiveView): () => void {
  const stream = new EventSource(`/api/v1/sources/${encodeURIComponent(sourceId)}/debugger`);
  stream.addEventListener('open', () => onConnection(true));
  stream.addEventListener('error', () => onConnection(false));
  stream.addEventListener('seen', (message) => onEvent(JSON.parse(message.data)));
  stream.addEventListener('sampled', (message) => onSampled(JSON.parse(message.data).left));
  return () => stream.close();
}
