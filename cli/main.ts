import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type Config, configTable, readConfig } from '../server/config.ts';
import { systemClock } from '../server/kernel/clock.ts';
import { createLog } from '../server/kernel/log.ts';
import { systemRandom } from '../server/kernel/random.ts';
import { StartError } from '../server/kernel/start-error.ts';
import { configText } from './config-text.ts';
import { peopleMax } from './demo/people.ts';
import { failureLine, UsageError } from './fail.ts';

// What a command needs is loaded by the command, so that none waits for what another one needs.

const print = (text: string): void => void process.stdout.write(`${text}\n`);

const program = new Command('usher')
  .description('Keeps TikTok Custom Audiences equal to your Segment audiences.')
  .addHelpText(
    'after',
    `
Examples:
  usher serve                                   the server; embedded database in ./data
  DATABASE_URL=postgres://… usher serve         the same on PostgreSQL; start as many as you like
  usher demo                                    see it work: server, TikTok sandbox and 10,000 invented people
  usher sandbox --port 4010                     a TikTok to try things out with

Settings are environment variables: "usher config" lists them with their values, defaults and meaning.
`,
  )
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text.replace(/^error: /, 'usher: ')) })
  .showHelpAfterError('(usher --help shows the commands)');

program
  .command('serve')
  .description('run the server: Tracking API, REST API and delivery, according to USHER_ROLES')
  .addHelpText(
    'after',
    '\nStops politely on SIGTERM and Ctrl-C; a second signal ends it at once. Nothing acknowledged is lost either way.',
  )
  .action(async () => {
    const config = settings();
    const { serve } = await import('../server/main.ts');
    const running = await serve(config, {});
    if (running.setupLink)
      print(`\n  Create the first account (once, within 24 hours):\n  ${running.setupLink.reveal()}\n`);
    await untilStopped(running);
  });

program
  .command('sandbox')
  .description('run a TikTok stand-in: consent page, audiences, fault switches')
  .option('--port <port>', 'port to listen on', wholeNumber(0, 65_535), 4010)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .addHelpText(
    'after',
    `
Point a server at it:
  TIKTOK_APP_ID=7000000000000000001 TIKTOK_APP_SECRET=sandbox-secret \\
  TIKTOK_API_URL=http://127.0.0.1:4010/open_api/v1.3 TIKTOK_AUTH_URL=http://127.0.0.1:4010/portal/auth usher serve`,
  )
  .action(async ({ port, host }: { port: number; host: string }) => {
    const { startSandbox } = await import('../sandbox/sandbox.ts');
    const sandbox = await startSandbox({ port, host, clock: systemClock, log: createLog(settings().logLevel) });
    print(`the sandbox's Ads Manager is at ${sandbox.url}`);
    await untilStopped({ stop: () => sandbox.close() });
  });

program
  .command('demo')
  .description('show everything at work: invented people, sent by a Segment client, end up in a TikTok sandbox')
  .option('--people <count>', 'how many invented people', wholeNumber(1, peopleMax), 10_000)
  .option('--once', 'end after the comparison instead of staying up')
  .option('--json', 'print one JSON object on stdout')
  .addHelpText(
    'after',
    `
Everything runs on free ports with a fresh data folder and is removed afterwards. With DATABASE_URL it runs on that
PostgreSQL server, in a database of its own, which is dropped at the end. Exit code 0: TikTok holds exactly what it must.`,
  )
  .action(async (options: { people: number; once?: true; json?: true }) => {
    const { databaseUrl } = settings();
    const { runDemo } = await import('./demo/demo.ts');
    const { undiciHttp } = await import('./demo/http.ts');
    const equal = await runDemo(
      {
        clock: systemClock,
        random: systemRandom,
        http: undiciHttp,
        out: process.stdout,
        progressOut: process.stderr,
        signal: stopSignal(),
      },
      {
        people: options.people,
        once: options.once === true,
        json: options.json === true,
        databaseUrl: databaseUrl?.reveal(),
      },
    );
    if (!equal) process.exitCode = 1;
  });

program.command('demo-client', { hidden: true }).action(async () => {
  const { sendPeople } = await import('./demo/client.ts');
  const { readSending } = await import('./demo/sending.ts');
  const report = (progress: object): void => print(JSON.stringify(progress));
  const done = await sendPeople({ clock: systemClock, report }, await readSending(process.stdin));
  report(done);
  if (done.failed > 0)
    throw new StartError(`${done.failed} of ${done.sent} events were not taken: see the server's log`);
});

program
  .command('config')
  .description('list every setting with its value in force, default and meaning')
  .action(() => {
    print(configText(configTable()));
    settings();
  });

program
  .command('migrate')
  .description('bring the database to this version and end; "serve" does the same at its start')
  .action(async () => {
    const config = settings();
    const { runMigrations } = await import('../server/main.ts');
    const applied = await runMigrations(config);
    print(applied.length === 0 ? 'the database is up to date' : `applied ${applied.join(', ')}`);
  });

program
  .command('resync')
  .description('tell TikTok everything a running server knows once more: after a restore, or when sets differ')
  .option('--since <time>', 'after a restore: when the backup was made, like 2026-11-24T18:00:00Z')
  .option('--target <id>', 'only this TikTok audience (tgt_…); may be given several times', collect, [])
  .option('--url <address>', 'the server; default: port PORT of this machine')
  .option('--token <token>', 'an API token with the role editor; default: USHER_API_TOKEN')
  .option('--dry-run', 'say what would be told, and begin nothing')
  .addHelpText(
    'after',
    `
The server must run: a resync is work of its own, behind live changes, and goes on over restarts. It is safe at any time,
because TikTok is told who is in an audience, not steps. After a restore it says what it repeats and what cannot be known.`,
  )
  .action(async (options: { since?: string; target: string[]; url?: string; token?: string; dryRun?: true }) => {
    const { port, apiToken } = settings();
    const token = options.token ?? apiToken?.reveal();
    if (token === undefined) throw new UsageError('no API token: give --token, or set USHER_API_TOKEN');
    const { undiciHttp } = await import('./demo/http.ts');
    const { resyncTargets } = await import('./resync.ts');
    await resyncTargets(undiciHttp, print, {
      url: options.url ?? `http://127.0.0.1:${port}`,
      token,
      since: options.since,
      targets: options.target,
      dryRun: options.dryRun === true,
    });
  });

program
  .command('token')
  .description('API tokens')
  .command('create')
  .description('make an API token; it is shown once')
  .requiredOption('--name <name>', 'what it is for, shown in lists and in the audit log')
  .addOption(new Option('--role <role>', 'what it may do').choices(['owner', 'editor', 'viewer']).makeOptionMandatory())
  .option('--space <slug>', 'only in this space; without it in all of them')
  .addHelpText(
    'after',
    '\nThe embedded database belongs to one process: stop the server first, or use POST /api/v1/tokens there.',
  )
  .action(async (options: { name: string; role: 'owner' | 'editor' | 'viewer'; space?: string }) => {
    const { createToken } = await import('../server/main.ts');
    print(await createToken(settings(), options));
  });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    process.stderr.write(`usher: ${failureLine(error)}\n`);
    if (configTable().some((row) => row.name === 'LOG_LEVEL' && row.value === 'debug') && error instanceof Error)
      process.stderr.write(`${error.stack}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

function settings(): Config {
  const read = readConfig();
  if (read.ok) return read.value;
  for (const problem of read.error.slice(0, -1)) process.stderr.write(`usher: ${problem}\n`);
  throw new StartError(read.error.at(-1) ?? 'the settings are wrong');
}

/** Aborted by Ctrl-C or SIGTERM; the second one ends the process at once. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (stopping.signal.aborted) process.exit(1);
      stopping.abort();
    });
  }
  return stopping.signal;
}

async function untilStopped(running: { stop(): Promise<void> }): Promise<void> {
  const signal = stopSignal();
  await new Promise<void>((stopped) => signal.addEventListener('abort', () => stopped(), { once: true }));
  await running.stop();
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
