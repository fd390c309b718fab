import type { ReactNode } from 'react';
import type { Connection } from '../../api/audiences.ts';
import { number } from '../../ui/format.ts';
import { Stat, Stats } from '../../ui/stat.tsx';
import classes from './overview.module.css';

type Counts = Connection['sync']['counts'];

/** Members = On TikTok + Owed + Parked + Skipped, as one bar; the numbers say the same. */
export function WhereMembersAre({ counts }: { counts: Counts }): ReactNode {
  const parts = [
    { name: 'On TikTok', value: counts.onTikTok, color: 'chart-size', hint: 'Accepted with their present identifiers' },
    { name: 'Owed', value: counts.owed, color: 'chart-owed', hint: 'Still to be sent' },
    { name: 'Parked', value: counts.parked, color: 'danger', hint: 'TikTok refused this person alone' },
    { name: 'Skipped', value: counts.skipped, color: 'chart-skipped', hint: 'Nothing usable to send' },
  ];
  const words = parts.map(({ name, value }) => `${name} ${number(value)}`).join(', ');
  return (
    <>
      <div className={classes['bar']} role="img" aria-label={`Of ${number(counts.members)} members: ${words}.`}>
        {parts.map(({ name, value, color }) => (
          <span key={name} style={{ flexGrow: value, background: `var(--${color})` }} hidden={value === 0} />
        ))}
      </div>
      <Stats label="Where the members are">
        <Stat name="Members" value={counts.members} />
        {parts.map((part) => (
          <Stat key={part.name} {...part} />
        ))}
        <Stat name="Leaving" value={counts.leaving} hint="Left the audience; TikTok has not accepted the removal yet" />
        {counts.kept > 0 && <Stat name="Kept" value={counts.kept} hint="No members any more, left there on purpose" />}
      </Stats>
    </>
  );
}
