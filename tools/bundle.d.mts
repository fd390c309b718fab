export function runnable(source: URL): Promise<string>;
export function bundled(source: URL, root: string): Promise<string>;
