import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { type ReactNode, useRef } from 'react';
import classes from './copy.module.css';

/** **Copy** turns to **Copied** for two seconds, and says so aloud. */
export function CopyButton({ text, name, of }: { text: string; name?: string; of?: string }): ReactNode {
  const clipboard = useClipboard({ timeout: 2_000 });
  const words = name ?? 'Copy';
  return (
    <span className={classes['copy']}>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={clipboard.copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
        onClick={() => clipboard.copy(text)}
        {...(of === undefined ? {} : { 'aria-label': `${words} ${of}` })}
      >
        {clipboard.copied ? 'Copied' : words}
      </Button>
      <span role="status" className="only-for-readers">
        {clipboard.copied ? 'Copied' : ''}
      </span>
      {clipboard.error !== null && (
        <span className={classes['refused']} role="alert">
          The browser refused. Select it and press Ctrl+C.
        </span>
      )}
    </span>
  );
}

/** A key, an id or a token in full, selected as a whole when the clipboard refuses. */
export function Copyable({ text, name, of }: { text: string; name?: string; of?: string }): ReactNode {
  const code = useRef<HTMLElement>(null);
  const select = () => code.current && window.getSelection()?.selectAllChildren(code.current);
  return (
    <span className={classes['copyable']}>
      <code ref={code} onDoubleClick={select}>
        {text}
      </code>
      <CopyButton text={text} {...(name === undefined ? {} : { name })} {...(of === undefined ? {} : { of })} />
    </span>
  );
}
