/** What `view` writes into files: a page, a trace for Perfetto. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { convention } from '../../conventions/convention.ts';
import type { AgentSpan } from '../../model/span.ts';
import { systemProblem } from '../../model/system-error.ts';
import { originOf } from '../../replay/origin.ts';
import { CliError } from '../cli-error.ts';
import type { Io } from '../io.ts';
import { startProgress } from '../progress.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import { resourceOf } from '../to-options.ts';
import { writeTo } from '../write-to.ts';

type NameFlags = Pick<ReplayFlags, 'conventions' | 'captureContent' | 'dropAttribute'>;

/** The text of a page that shows `spans`, piece by piece. */
export async function pageOf(
  logs: readonly string[],
  spans: readonly AgentSpan[],
  flags: NameFlags,
  io: Io,
): Promise<AsyncIterable<string>> {
  const { htmlPage } = await import('../../html/page.ts');
  const names = convention(flags.conventions, {
    captureContent: flags.captureContent,
    dropAttributes: flags.dropAttribute,
  });
  const given = resourceOf({ serviceName: io.env.OTEL_SERVICE_NAME, resource: [] }, io.env);
  const { resource, scope } = originOf(given, flags.conventions);
  return htmlPage(
    spans.map((agent) => ({ agent, otel: names.toSpan(agent) })),
    {
      title: titleOf(logs),
      generator: `${scope.name} ${scope.version}`,
      resource,
      // What is dropped as an attribute must not come back as a part of the conversation.
      conversation: flags.dropAttribute.length === 0,
    },
  );
}

function titleOf([first, ...more]: readonly string[]): string {
  if (first === undefined || first === '-') return 'standard input';
  return more.length === 0 ? basename(first) : `${basename(first)} and ${more.length} more`;
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** A file of this user in the directory for temporary files. */
export function temporaryPage(): string {
  return join(mkdtempSync(join(tmpdir(), 'hermes-otel-')), 'sessions.html');
}

/** Opens the page with `BROWSER`, else with the program of the desktop. Says where the page is when there is none. */
export async function openInBrowser(page: string, { env, stderr }: Io): Promise<void> {
  const [command = 'xdg-open', ...args] = env.BROWSER ? [env.BROWSER] : (OPENERS[platform()] ?? []);
  const child = spawn(command, [...args, page], { stdio: 'ignore', detached: true });
  const problem = await once(child, 'spawn').then(
    () => undefined,
    (error: unknown) => systemProblem(error),
  );
  if (problem === undefined) child.unref();
  else stderr.write(`hermes-otel: ${command} cannot be started: ${problem}. Open ${page} in a browser.\n`);
}

export interface NamedFile {
  /** The flag that names the file, for messages. */
  readonly flag: string;
  /** `-` is standard output. */
  readonly file: string;
  /** True for content of the log: only the owner can read the file, as Hermes's database. */
  readonly ownerOnly: boolean;
}

/** Writes the file, and reports its size on standard error. Throws a `CliError` when it cannot be written. */
export async function writeFile(
  { flag, file, ownerOnly }: NamedFile,
  text: Iterable<string> | AsyncIterable<string>,
  io: Io,
): Promise<void> {
  if (file === '-') {
    const write = writeTo(io.stdout);
    for await (const piece of text) await write(piece);
    return;
  }
  const progress = startProgress(io, false);
  let size = 0;
  try {
    const handle = await open(file, 'w', ownerOnly ? 0o600 : 0o666);
    if (ownerOnly && (await handle.stat()).isFile()) await handle.chmod(0o600);
    const out = handle.createWriteStream();
    out.on('drain', () => progress.show(`${sizeOf(out.bytesWritten)} of ${file}`));
    await pipeline(Readable.from(text), out);
    size = out.bytesWritten;
  } catch (error) {
    throw new CliError(`${flag}: ${file} cannot be written: ${systemProblem(error)}.`);
  } finally {
    progress.stop();
  }
  io.stderr.write(`wrote ${file}, ${sizeOf(size)}\n`);
}

function sizeOf(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
