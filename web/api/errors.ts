/** One thing wrong with a request; `field` names the input it is about (server/api/http.ts). */
export interface Problem {
  readonly type: string;
  readonly message: string;
  readonly field?: string;
  /** Numbers of the refusal, by its type. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A request that the API refused. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly problems: readonly Problem[];
  constructor(status: number, problems: readonly Problem[]) {
    super(problems.map(({ message }) => message).join('; ') || `the server answered ${status}`);
    this.status = status;
    this.problems = problems;
  }
}

/** Nobody answered; whether the request arrived is unknown. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  constructor() {
    super('Usher does not answer');
  }
}

export const hasStatus = (error: unknown, status: number): boolean =>
  error instanceof ApiError && error.status === status;

export const hasProblem = (error: unknown, type: string): boolean =>
  error instanceof ApiError && error.problems.some((problem) => problem.type === type);
