import type { Writable } from 'node:stream';
import cliProgress from 'cli-progress';

/** Where the demonstration says how far it is: a bar on a terminal, plain lines elsewhere. Always stderr. */
export interface Progress {
  note(line: string): void;
  /** `done` of `total`; called as often as one likes. */
  moved(what: string, done: number, total: number): void;
  end(): void;
}

export function createProgress(output: Writable & { readonly isTTY?: boolean }): Progress {
  return output.isTTY === true ? bar(output) : lines(output);
}

function bar(output: Writable): Progress {
  let shown: cliProgress.SingleBar | undefined;
  let what = '';
  const end = (): void => {
    shown?.stop();
    shown = undefined;
    what = '';
  };
  return {
    note(line) {
      end();
      output.write(`${line}\n`);
    },
    moved(now, done, total) {
      if (now !== what) {
        end();
        what = now;
        shown = new cliProgress.SingleBar({ format: `${now} {bar} {value}/{total}`, hideCursor: true, stream: output });
        shown.start(total, done);
      }
      shown?.setTotal(total);
      shown?.update(done);
    },
    end,
  };
}

/** A line for every tenth, so that a log stays readable. */
function lines(output: Writable): Progress {
  let last = '';
  return {
    note: (line) => void output.write(`${line}\n`),
    moved(what, done, total) {
      const tenths = total === 0 ? 10 : Math.floor((done / total) * 10);
      const line = `${what} ${tenths * 10} %`;
      if (line !== last) output.write(`${line}\n`);
      last = line;
    },
    end: () => {},
  };
}
