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
interface Read<Data> {
  parameters: NoParameters;
  requestBody?: never;
  responses: { 200: Json<{ data: Data }> };
}
interface Write<Body, Data = unknown> {
  parameters: NoParameters;
  requestBody: { content: { 'application/json': Body } };
  responses: { 200: Json<{ data: Data }> };
}

export interface Me {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly grants: { spaceId: string | null; role: 'owner' | 'editor' | 'viewer' }[];
  readonly preferences: Readonly<Record<string, unknown>>;
}

export interface ComingPaths {
  '/api/v1/me': { parameters: NoParameters; get: Read<Me>; patch: Write<{ preferences: Record<string, unknown> }, Me> };
  '/api/v1/session': {
    parameters: NoParameters;
    post: Write<{ email: string; password: string; code?: string }, Me>;
    delete: {
      parameters: NoParameters;
      requestBody?: never;
      responses: { 204: { headers: Record<string, unknown>; content?: never } };
    };
  };
  '/api/v1/session/confirm': { parameters: NoParameters; post: Write<{ password: string }> };
  '/api/v1/setup': { parameters: NoParameters; post: Write<{ token: string; email: string; password: string }, Me> };
  '/api/v1/tiktok-app': {
    parameters: NoParameters;
    get: Read<{ configured: boolean; redirectUri: string; permissions: string[]; sandbox: string | null }>;
  };
}
