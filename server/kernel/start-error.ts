/**
 * Usher cannot start or go on, and the operator can do something about it. The message is one line for a person: what is
 * wrong, then the next step. The command line prints it as it is and ends with exit code 1.
 */
export class StartError extends Error {
  override readonly name = 'StartError';
}
