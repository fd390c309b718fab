/** Operations that openapi.json does not describe yet, in the same form, merged into the client's paths. */
interface Json<Body> {
  headers: Record<string, unknown>;
  content: { 'application/json': Body };
}
interface NoParameters {
  query?: never;
  header?: never;
  path?: never;
  cookie?: never;
}
/** One line of Home: what happened, what is kept, what mends it. */
export interface Attention {
  readonly severity: 'needs-you' | 'working';
  readonly subject: string;
  readonly code: string | null;
  readonly since: string;
  readonly message: string;
  readonly kept: string | null;
  readonly remedy: { label: string; href: string } | null;
}

export interface ComingPaths {
  '/api/v1/spaces/{spaceId}/attention': {
    parameters: NoParameters;
    get: {
      parameters: { query?: never; header?: never; cookie?: never; path: { spaceId: string } };
      requestBody?: never;
      responses: { 200: Json<{ data: Attention[] }> };
    };
  };
}
