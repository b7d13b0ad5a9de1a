/** A checkpoint on the disk: one line that says what it is and proves that the rest, the body, is whole. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './error-code.ts';
import { writeWhole } from './write-whole.ts';

/** What a body means; another one cannot be read. */
export interface CheckpointHeader {
  readonly format: string;
  /** Of the program that wrote it, for people. */
  readonly program: string;
}

export type StoredCheckpoint =
  | { readonly kind: 'none' }
  /** Not a checkpoint, or a damaged one. */
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'other_format'; readonly program: string }
  | { readonly kind: 'body'; readonly body: string; readonly digest: string };

export function checkpointPath(directory: string): string {
  return join(directory, 'checkpoint.json');
}

/** @returns the body's digest, which no other body has. */
export async function writeCheckpoint(
  directory: string,
  header: CheckpointHeader,
  body: string,
): Promise<string> {
  const digest = digestOf(body);
  const line = JSON.stringify({ ...header, sha256: digest });
  await writeWhole(checkpointPath(directory), `${line}\n${body}\n`);
  return digest;
}

/** Throws what the system throws, but for a file that does not exist. */
export async function readCheckpoint(directory: string, format: string): Promise<StoredCheckpoint> {
  const text = await textOf(checkpointPath(directory));
  if (text === undefined) return { kind: 'none' };
  const lineEnd = text.indexOf('\n');
  const header = headerOf(text.slice(0, lineEnd));
  const body = text.slice(lineEnd + 1, -1);
  if (header === undefined) return { kind: 'unreadable' };
  if (header.format !== format) return { kind: 'other_format', program: header.program };
  const digest = digestOf(body);
  return header.sha256 === digest ? { kind: 'body', body, digest } : { kind: 'unreadable' };
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function headerOf(line: string): (CheckpointHeader & { readonly sha256: string }) | undefined {
  try {
    const { format, program, sha256 } = JSON.parse(line);
    const isHeader = [format, program, sha256].every((field) => typeof field === 'string');
    return isHeader ? { format, program, sha256 } : undefined;
  } catch {
    return undefined;
  }
}

function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
