import { store } from './store.ts';

/**
 * Requests that met a session's end, or a step that wants the password, wait here while a dialog over the page asks for
 * it; then they go on as if nothing had been. What was typed stays where it is.
 */
interface Gate {
  readonly opens: Promise<boolean>;
  readonly answer: (passed: boolean) => void;
}

const signIn = store<Gate | null>(null);
const password = store<Gate | null>(null);
let signedIn = false;

/** A page that never knew a session sends people to the sign-in page instead of asking over itself. */
export const wasSignedIn = (): boolean => signedIn;
export function rememberSignedIn(value: boolean): void {
  signedIn = value;
}

export const signedInAgain = (): Promise<boolean> => wait(signIn);
export const passwordConfirmed = (): Promise<boolean> => wait(password);

/** For the two dialogs: null while nobody waits. */
export const useSignInGate = signIn.use;
export const usePasswordGate = password.use;

export const openSignInGate = (): void => open(signIn, true);
export const openPasswordGate = (passed: boolean): void => open(password, passed);

function wait(gate: ReturnType<typeof store<Gate | null>>): Promise<boolean> {
  const waiting = gate.get();
  if (waiting) return waiting.opens;
  let answer: Gate['answer'] = () => {};
  const opens = new Promise<boolean>((resolve) => {
    answer = resolve;
  });
  gate.set({ opens, answer });
  return opens;
}

function open(gate: ReturnType<typeof store<Gate | null>>, passed: boolean): void {
  const waiting = gate.get();
  gate.set(null);
  waiting?.answer(passed);
}
