import { Button, type ButtonProps } from '@mantine/core';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { ApiError } from '../api/errors.ts';
import { useServerAway } from '../api/server-away.ts';
import classes from './form.module.css';
import { Problem, sentence, wordsOf } from './problem.tsx';

/** What is wrong with the entries, by the name of their field. */
export type FieldProblems = Readonly<Partial<Record<string, string>>>;

interface FormProps {
  /** Before anything is sent: what the page itself can see. */
  readonly check?: () => FieldProblems;
  readonly submit: () => Promise<void>;
  /** What of the entries is safe when the request fails. */
  readonly kept?: string;
  /** Refusals that have words of their own: gives the problem as it is to be shown, or undefined for the usual way. */
  readonly explain?: (error: unknown) => ReactNode | undefined;
  readonly children: (state: { problems: FieldProblems; sending: boolean }) => ReactNode;
  readonly label?: string;
}

/**
 * One way for all forms: problems stand beside their fields, the first of them takes the focus, entries stay whatever
 * happens; what concerns no field stands above the buttons. Fields are found by their `name`.
 */
export function Form({ check, submit, kept, explain, children, label }: FormProps): ReactNode {
  const form = useRef<HTMLFormElement>(null);
  const [problems, setProblems] = useState<FieldProblems>({});
  const [failure, setFailure] = useState<unknown>(null);
  const [sending, setSending] = useState(false);
  const show = (found: FieldProblems): void => {
    setProblems(found);
    const [name] = Object.keys(found);
    if (name) requestAnimationFrame(() => form.current?.querySelector<HTMLElement>(`[name="${name}"]`)?.focus());
  };
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (sending) return;
    setFailure(null);
    const found = check?.() ?? {};
    show(found);
    if (Object.keys(found).length > 0) return;
    setSending(true);
    try {
      await submit();
    } catch (error) {
      const ofFields = fieldProblemsIn(error, form.current);
      show(ofFields);
      if (Object.keys(ofFields).length === 0) setFailure(error);
    } finally {
      setSending(false);
    }
  };
  return (
    <form ref={form} onSubmit={(event) => void send(event)} noValidate className={classes['form']} aria-label={label}>
      {children({ problems, sending })}
      {failure !== null && <Failure error={failure} explain={explain} kept={kept} />}
    </form>
  );
}

interface FailureProps {
  readonly error: unknown;
  readonly explain: FormProps['explain'] | undefined;
  readonly kept: string | undefined;
}

function Failure({ error, explain, kept }: FailureProps): ReactNode {
  const own = explain?.(error);
  if (own !== undefined) return own;
  return <Problem happened={wordsOf(error)} kept={kept ?? 'Your entries are still here.'} />;
}

function fieldProblemsIn(error: unknown, form: HTMLFormElement | null): FieldProblems {
  if (!(error instanceof ApiError)) return {};
  const known = error.problems.filter(({ field }) => field && form?.querySelector(`[name="${field}"]`));
  return Object.fromEntries(known.map(({ field, message }) => [field, sentence(message)]));
}

/** The button that saves: off while the server is away, busy while it works. */
export function SaveButton({
  sending,
  children,
  ...more
}: ButtonProps & { sending: boolean; children: ReactNode }): ReactNode {
  const away = useServerAway() !== null;
  return (
    <Button type="submit" loading={sending} disabled={away} {...more}>
      {children}
    </Button>
  );
}

/** Buttons at the end of a form or dialog. */
export function FormActions({ children }: { children: ReactNode }): ReactNode {
  return <div className={classes['actions']}>{children}</div>;
}
