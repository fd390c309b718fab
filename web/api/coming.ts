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
  signedIn: boolean;
  setupNeeded: boolean;
  user: { id: string; email: string; name: string; twoStep: boolean; preferences: Record<string, unknown> } | null;
  role: 'owner' | 'editor' | 'viewer' | null;
  spaces: { id: string; slug: string; name: string; role: 'owner' | 'editor' | 'viewer'; owners: string[] }[];
  confirmed: boolean;
  expiresAt: string | null;
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
  '/api/v1/profile': {
    parameters: NoParameters;
    patch: Write<{ name?: string; preferences?: Record<string, unknown> }>;
  };
  '/api/v1/session': {
    parameters: NoParameters;
    get: Read<Me>;
    post: Write<{ email: string; password: string; code?: string }, Me>;
    delete: {
      parameters: NoParameters;
      requestBody?: never;
      responses: { 204: { headers: Record<string, unknown>; content?: never } };
    };
  };
  '/api/v1/session/link': { parameters: NoParameters; post: Write<{ token: string }, Me> };
  '/api/v1/session/confirm': { parameters: NoParameters; post: Write<{ password: string }, Me> };
  '/api/v1/setup': { parameters: NoParameters; post: Write<{ token: string; email: string; password: string }, Me> };
  '/api/v1/tiktok-app': {
    parameters: NoParameters;
    get: Read<{ configured: boolean; redirectUri: string; permissions: string[]; sandbox: string | null }>;
  };
}
