import { IconDeviceMobile, IconHash, IconMail, IconPhone } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './identifiers.module.css';

const kinds: Record<string, { icon: typeof IconMail; word: string }> = {
  email: { icon: IconMail, word: 'E-mail' },
  phone: { icon: IconPhone, word: 'Phone' },
  device: { icon: IconDeviceMobile, word: 'Advertising id' },
  'ios.idfa': { icon: IconDeviceMobile, word: 'iOS advertising id' },
  'android.idfa': { icon: IconDeviceMobile, word: 'Android advertising id' },
  user_id: { icon: IconHash, word: 'User id' },
  anonymous_id: { icon: IconHash, word: 'Anonymous id' },
};

/** What is known of a person, masked by the API: enough to tell two apart, too little to write to anybody. */
export function Identifiers({ of }: { of: readonly { type: string; masked: string }[] }): ReactNode {
  if (of.length === 0) return '—';
  return (
    <span className={classes['all']}>
      {of.map(({ type, masked }) => {
        const { icon: Icon, word } = kinds[type] ?? { icon: IconHash, word: type };
        return (
          <span key={`${type} ${masked}`} className={classes['one']} title={word}>
            <Icon size={16} aria-hidden />
            <span className="only-for-readers">{word}</span>
            {masked.replaceAll('*', '•')}
          </span>
        );
      })}
    </span>
  );
}
