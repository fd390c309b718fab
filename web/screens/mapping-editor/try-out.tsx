import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';
import { type MappingDraft, type TestEvent, type Tried, tryMapping } from '../../api/mappings.ts';
import { JsonView } from '../../ui/code-block.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { shortHash } from '../../ui/mask.ts';
import { Problem, RequestProblem, sentence } from '../../ui/problem.tsx';
import classes from './mapping-editor.module.css';

/** **Preview request** sends nothing; **Test Mapping** sends this one person for real, after it was said where. */
export function TryOut({
  destinationId,
  draft,
  event,
  ready,
}: {
  destinationId: string;
  draft: MappingDraft;
  event: TestEvent | undefined;
  /** Whether the mapping can be worked out at all. */
  ready: boolean;
}): ReactNode {
  const [answer, setAnswer] = useState<Tested>();
  const [failure, setFailure] = useState<unknown>(null);
  const [asking, dialog] = useDisclosure(false);
  const run = async (send: boolean, actionSlug = draft.actionSlug): Promise<void> => {
    if (event === undefined) return;
    setFailure(null);
    try {
      const tried = await tryMapping(destinationId, { ...draft, actionSlug }, { event, send });
      setAnswer({ ...tried, actionSlug });
    } catch (error) {
      setAnswer(undefined);
      setFailure(error);
    }
  };
  const possible = ready && event !== undefined;
  return (
    <div className={classes['stack']}>
      <div className={classes['actions']}>
        <Button disabled={!possible} onClick={() => void run(false)}>
          Preview request
        </Button>
        <Button variant="default" disabled={!possible} onClick={dialog.open}>
          Test Mapping
        </Button>
      </div>
      {!possible && (
        <p className={classes['hint']}>
          {event === undefined ? 'Add a test event first.' : 'Fill in what is required first.'}
        </p>
      )}
      {failure !== null && <RequestProblem error={failure} kept="Nothing was sent." />}
      {answer !== undefined && <Answer answer={answer} takeOut={(actionSlug) => run(true, actionSlug)} />}
      <Confirm
        opened={asking}
        onClose={dialog.close}
        title="Send this person to TikTok?"
        action="Send this person"
        act={async () => {
          await run(true);
          dialog.close();
        }}
      >
        <p>
          {`Sends this one person to TikTok for real: ${audienceWords(draft)}. It is booked like any other delivery.`}
        </p>
      </Confirm>
    </div>
  );
}

function audienceWords({ settings }: MappingDraft): string {
  const audience = settings['audience_id'] ?? settings['personas_audience_key'] ?? 'the audience of the event';
  return `${String(audience)} in ad account ${String(settings['selected_advertiser_id'] ?? 'of the event')}`;
}

/** An answer with the action that was tried. */
type Tested = Tried & { readonly actionSlug: string };

/** The other half of what adds takes out whom a test brought to TikTok; nothing else ever would. */
const opposites: Readonly<Record<string, string>> = { addUser: 'removeUser', addToAudience: 'removeFromAudience' };

function Answer({ answer, takeOut }: { answer: Tested; takeOut: (actionSlug: string) => Promise<void> }): ReactNode {
  const { request, fields } = answer;
  const opposite = opposites[answer.actionSlug];
  const hashed = fields.filter(({ hashes }) => hashes.length > 0);
  return (
    <div className={classes['stack']} role="status">
      <p className={classes['verdict']}>{verdictOf(answer)}</p>
      {hashed.map(({ key, label, value, hashes }) => (
        <p key={key} className={classes['hint']}>
          {`${label}: ${String(value).replaceAll('*', '•')} → `}
          {hashes.map((hash) => (
            <code key={hash} title={hash}>{`${shortHash(hash)} `}</code>
          ))}
        </p>
      ))}
      {'left' in answer.result &&
        answer.result.left.map(({ type, reason }) => (
          <p key={type} className={classes['hint']}>{`${type.replaceAll('_', ' ')}: ${reason}`}</p>
        ))}
      {request !== null && (
        <>
          <h3>Request</h3>
          <JsonView value={request} label="Request" />
        </>
      )}
      {answer.sent && <p>On its way to TikTok. Event Delivery shows TikTok’s answer.</p>}
      {answer.sent && opposite !== undefined && (
        <div className={classes['actions']}>
          <Button size="xs" variant="default" onClick={() => void takeOut(opposite)}>
            Take this person out again
          </Button>
        </div>
      )}
      {answer.notSentBecause !== null && (
        <Problem level="attention" happened={sentence(answer.notSentBecause)} kept="Nothing was sent." />
      )}
    </div>
  );
}

function verdictOf({ matched, result }: Tried): string {
  if (!matched) return 'Filtered: the event does not match the trigger.';
  switch (result.kind) {
    case 'people':
      return 'Passes the trigger';
    case 'nobody':
      return `Skipped: ${result.reason ?? 'no usable identifier'}`;
    case 'filtered':
      return `Filtered: ${result.reason}`;
    case 'invalid':
      return `Cannot be sent: ${result.reason}`;
  }
}
