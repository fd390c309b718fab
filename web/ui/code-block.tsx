import type { ReactNode } from 'react';
import classes from './code-block.module.css';
import { CopyButton } from './copy.tsx';

/** A snippet or a JSON text, scrollable with the keyboard, with **Copy**. `prose` is text for people: its lines wrap. */
export function CodeBlock({ code, label, prose }: { code: string; label: string; prose?: true }): ReactNode {
  return (
    <figure className={classes['block']} aria-label={label}>
      <div className={classes['copy']}>
        <CopyButton text={code} of={label} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0} data-prose={prose}>
        <code>{code}</code>
      </pre>
    </figure>
  );
}

export function JsonView({ value, label }: { value: unknown; label: string }): ReactNode {
  return <CodeBlock code={JSON.stringify(value, null, 2)} label={label} />;
}
