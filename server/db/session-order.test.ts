import { expect, test } from 'vitest';
import { promised } from '../../test/support/promised.ts';
import { manualClock } from '../kernel/clock.ts';
import { createSessionOrder, type SessionOrder } from './session-order.ts';

/** Work that ends when it is told to; what has begun is written down. */
function stage() {
  const clock = manualClock();
  const order = createSessionOrder(clock);
  const begun: string[] = [];
  const begin = (name: string, kind: keyof SessionOrder) => {
    const gate = promised();
    const done = order[kind](() => {
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
  begin('chunk', 'last');
  await aWhile();
  expect(begun).toEqual(['chunk']);
});

test('it waits for everybody who is at the database, and for what they do next', async () => {
  const { begin, begun } = stage();
  const [call, event] = [begin('call', 'first'), begin('event', 'first')];
  begin('chunk', 'last');
  event.end();
  call.end();
  const settling = call.done.then(() => {}).then(() => begin('settling', 'first'));
  await aWhile();
  expect(begun).toEqual(['call', 'event', 'settling']);
  (await settling).end();
  await aWhile();
  expect(begun).toEqual(['call', 'event', 'settling', 'chunk']);
});

test('work in the background goes one by one, so whoever comes meanwhile waits for one of it at most', async () => {
  const { begin, begun } = stage();
  const walk = begin('walk', 'last');
  begin('release', 'last');
  await aWhile();
  const event = begin('event', 'first');
  expect(begun).toEqual(['walk', 'event']);
  walk.end();
  await aWhile();
  expect(begun).toEqual(['walk', 'event']);
  event.end();
  await aWhile();
  expect(begun).toEqual(['walk', 'event', 'release']);
});

test('a flood delays it for half a second and does not stop it', async () => {
  const { clock, begin, begun } = stage();
  begin('flood', 'first');
  begin('chunk', 'last');
  await aWhile();
  await clock.advance(499);
  await aWhile();
  expect(begun).toEqual(['flood']);
  await clock.advance(1);
  await aWhile();
  expect(begun).toEqual(['flood', 'chunk']);
});

test('work in the background keeps nobody waiting, and what fails is over', async () => {
  const { begin, begun } = stage();
  begin('chunk', 'last');
  await aWhile();
  begin('event', 'first').end();
  const order = createSessionOrder(manualClock());
  await expect(order.first(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await order.last(() => Promise.resolve('went on'))).toBe('went on');
  expect(begun).toEqual(['chunk', 'event']);
});
