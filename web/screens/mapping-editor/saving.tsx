import { Button, Modal } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import type { DryRun } from '../../api/client.ts';
import type { Destination } from '../../api/destinations.ts';
import { ApiError, hasStatus } from '../../api/errors.ts';
import {
  type Answers,
  changeMapping,
  createMapping,
  type MappingDraft,
  mappingQuery,
  type StoredMapping,
  tryChangeMapping,
  type Weighed,
} from '../../api/mappings.ts';
import { CodeBlock } from '../../ui/code-block.tsx';
import { FormActions } from '../../ui/form.tsx';
import { count, people } from '../../ui/format.ts';
import { Problem, sentence, wordsOf } from '../../ui/problem.tsx';
import { useSpace } from '../../ui/space.ts';
import { confirmed } from '../../ui/toast.ts';
import { changedAlike } from './other-half.ts';

/** What a save waits for before it is done. */
type Question =
  | { readonly kind: 'consequence'; readonly weighed: Weighed }
  | { readonly kind: 'removals'; readonly people: number; readonly answers: Answers }
  | { readonly kind: 'outdated'; readonly words: string; readonly theirs: StoredMapping };

export interface Saving {
  readonly sending: boolean;
  readonly saved: boolean;
  readonly problem: ReactNode;
  readonly question: Question | undefined;
  save(answers?: Answers & { overwrite?: boolean }): Promise<void>;
  close(): void;
}

interface Edited {
  readonly destination: Destination;
  readonly before: MappingDraft;
  readonly draft: MappingDraft;
  readonly stored: { readonly mapping: StoredMapping; readonly version: string } | undefined;
  /** The other half of the pair, if it is to get the same fields. */
  readonly half: StoredMapping | undefined;
}

/** Saving: a new mapping is made, switched off; a changed one that is on says first what that does at TikTok. */
export function useSaving({ destination, before, draft, stored, half }: Edited): Saving {
  const { id: space } = useSpace();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [sending, setSending] = useState(false);
  const [saved, setSaved] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [question, setQuestion] = useState<Question>();
  const { name, trigger, settings } = draft;
  const change = { name: name.trim(), trigger, settings };

  const create = async (): Promise<void> => {
    const made = await createMapping(destination.id, { ...draft, name: name.trim(), enabled: false });
    setSaved(true);
    await queries.invalidateQueries();
    await navigate({
      to: '/spaces/$space/connections/destinations/$destination/mappings/$mapping',
      params: { space, destination: destination.id, mapping: made.id },
      search: ({ audience }) => ({ audience }),
      replace: true,
      ignoreBlocker: true,
    });
  };
  const update = async (
    mapping: StoredMapping,
    { overwrite, ...answers }: Answers & { overwrite?: boolean },
  ): Promise<void> => {
    const place = { destinationId: destination.id, subscriptionId: mapping.id };
    if (answers.people === undefined && !overwrite && mapping.enabled && answers.confirmRemovals === undefined) {
      const weighed = await tryChangeMapping(place, change);
      if (changesAnything(weighed)) return setQuestion({ kind: 'consequence', weighed });
    }
    const version = overwrite || stored === undefined ? {} : { version: stored.version };
    await changeMapping(place, change, { ...answers, ...version });
    if (half) {
      const other = { destinationId: destination.id, subscriptionId: half.id };
      await changeMapping(other, { settings: changedAlike(half, before.settings, settings) }, answers);
    }
    setQuestion(undefined);
    await queries.invalidateQueries();
    confirmed(half ? `Mapping and ${half.name} saved.` : 'Mapping saved.');
  };
  const refused = async (error: unknown, answers: Answers): Promise<void> => {
    const removals = removalsIn(error);
    if (removals !== undefined) return setQuestion({ kind: 'removals', people: removals, answers });
    if (!hasStatus(error, 412) || stored === undefined) return setFailure(error);
    const place = { destinationId: destination.id, subscriptionId: stored.mapping.id };
    const { mapping } = await queries.fetchQuery({
      ...mappingQuery(place),
      queryKey: ['mapping-theirs', stored.mapping.id],
    });
    setQuestion({ kind: 'outdated', words: wordsOf(error), theirs: mapping });
  };
  return {
    sending,
    saved,
    question,
    problem: failure !== null && (
      <Problem happened={wordsOf(failure)} kept="Nothing was saved; your changes are still in the form." />
    ),
    close: () => setQuestion(undefined),
    async save(answers = {}) {
      setSending(true);
      setFailure(null);
      try {
        await (stored === undefined ? create() : update(stored.mapping, answers));
      } catch (error) {
        await refused(error, answers);
      } finally {
        setSending(false);
      }
    },
  };
}

const changesAnything = (weighed: Weighed): boolean =>
  weighed.kind === 'people left' || weighed.dryRun.adds + weighed.dryRun.removes > 0;

function removalsIn(error: unknown): number | undefined {
  if (!(error instanceof ApiError)) return undefined;
  const removals = error.problems.find(({ type }) => type === 'mass-removal')?.details?.['confirmRemovals'];
  return typeof removals === 'number' ? removals : undefined;
}

export function SaveDialogs({ saving, draft }: { saving: Saving; draft: MappingDraft }): ReactNode {
  const { question, close } = saving;
  return (
    <Modal
      opened={question !== undefined}
      onClose={close}
      title={question?.kind === 'outdated' ? 'Somebody else saved this mapping' : 'Save and change TikTok?'}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {question?.kind === 'consequence' && <ConsequenceQuestion weighed={question.weighed} saving={saving} />}
      {question?.kind === 'removals' && (
        <>
          <p>{`This takes ${people(question.people)} off TikTok. Nothing was changed yet.`}</p>
          <FormActions>
            <Button
              color="danger"
              onClick={() => void saving.save({ ...question.answers, confirmRemovals: question.people })}
            >
              {`Save and remove ${people(question.people)}`}
            </Button>
            <KeepEditing saving={saving} />
          </FormActions>
        </>
      )}
      {question?.kind === 'outdated' && (
        <Outdated words={question.words} theirs={question.theirs} {...{ draft, saving }} />
      )}
    </Modal>
  );
}

function ConsequenceQuestion({ weighed, saving }: { weighed: Weighed; saving: Saving }): ReactNode {
  if (weighed.kind === 'known') {
    return (
      <>
        <p>{numbersOf(weighed.dryRun)}</p>
        <FormActions>
          <Button onClick={() => void saving.save({ people: 'keep' })}>Save and send</Button>
          <KeepEditing saving={saving} />
        </FormActions>
      </>
    );
  }
  return (
    <>
      <p>{numbersOf(weighed.remove)}</p>
      <FormActions>
        <Button onClick={() => void saving.save({ people: 'remove' })}>Save and send</Button>
        <Button variant="default" onClick={() => void saving.save({ people: 'keep' })}>
          {`Save without removing the ${weighed.people}`}
        </Button>
        <KeepEditing saving={saving} />
      </FormActions>
    </>
  );
}

/** "Adds 412 to B, removes 398 from A in ad account 7…. 2 calls." */
function numbersOf({ targets, calls }: DryRun): string {
  const parts = targets.flatMap(({ audience, advertiserId, adds, removes }) => [
    ...(adds > 0 ? [`adds ${adds} to ${audience} in ad account ${advertiserId}`] : []),
    ...(removes > 0 ? [`removes ${removes} from ${audience} in ad account ${advertiserId}`] : []),
  ]);
  return `${sentence(parts.join(', ') || 'nobody is added or removed')} ${sentence(count(calls, 'call'))}`;
}

function Outdated({
  words,
  theirs,
  draft,
  saving,
}: {
  words: string;
  theirs: StoredMapping;
  draft: MappingDraft;
  saving: Saving;
}): ReactNode {
  const [comparing, setComparing] = useState(false);
  const shown = (one: MappingDraft | StoredMapping): string =>
    JSON.stringify({ name: one.name, trigger: one.trigger, settings: one.settings }, null, 2);
  return (
    <>
      <p>{words}</p>
      <p>Your changes are still in the form.</p>
      {comparing && (
        <>
          <CodeBlock label="Theirs" code={shown(theirs)} />
          <CodeBlock label="Yours" code={shown(draft)} />
        </>
      )}
      <FormActions>
        {!comparing && <Button onClick={() => setComparing(true)}>Compare</Button>}
        <Button variant="default" onClick={() => void saving.save({ overwrite: true })}>
          Save mine
        </Button>
        <KeepEditing saving={saving} />
      </FormActions>
    </>
  );
}

const KeepEditing = ({ saving }: { saving: Saving }): ReactNode => (
  <Button variant="default" onClick={saving.close}>
    Keep editing
  </Button>
);
