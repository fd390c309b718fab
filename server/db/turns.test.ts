import { expect, test } from 'vitest';
import { promised } from '../../test/support/promised.ts';
import { manualClock } from '../kernel/clock.ts';
import { createTurns, type Turns } from './turns.ts';

/** Work that takes part in the turns and ends when it is told to; what has begun is written down. */
function stage() {
  const clock = manualClock();
  const turns = createTurns(clock);
  const begun: string[] = [];
  const begin = (name: string, kind: keyof Turns) => {
    const gate = promised();
    const done = turns[kind](() => {
      begun.push(name);
      return gate.promise;
    });
    return { end: gate.keep, done };
  };
  return { clock, begin, begun };
}

const aWhile = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
};

test('work in the background begins at once when nobody is at the database', async () => {
  const { begin, begun } = stage();
  begin('chunk', 'later');
  await aWhile();
  expect(begun).toEqual(['chunk']);
});

test('it waits for everybody who is at the database, and for what they do next', async () => {
  const { begin, begun } = stage();
  const [call, event] = [begin('call', 'now'), begin('event', 'now')];
  begin('chunk', 'later');
  event.end();
  call.end();
  const settling = call.done.then(() => {}).then(() => begin('settling', 'now'));
  await aWhile();
  expect(begun).toEqual(['call', 'event', 'settling']);
  (await settling).end();
  await aWhile();
  expect(begun).toEqual(['call', 'event', 'settling', 'chunk']);
});

test('a flood delays it for half a second and does not stop it', async () => {
  const { clock, begin, begun } = stage();
  begin('flood', 'now');
  begin('chunk', 'later');
  await aWhile();
  await clock.advance(499);
  await aWhile();
  expect(begun).toEqual(['flood']);
  await clock.advance(1);
  await aWhile();
  expect(begun).toEqual(['flood', 'chunk']);
});

test('work in the background keeps nobody waiting, and what fails ends its turn', async () => {
  const { begin, begun } = stage();
  begin('chunk', 'later');
  begin('event', 'now').end();
  const turns = createTurns(manualClock());
  await expect(turns.now(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await turns.later(() => Promise.resolve('went on'))).toBe('went on');
  await aWhile();
  expect(begun).toEqual(['chunk', 'event']);
});
