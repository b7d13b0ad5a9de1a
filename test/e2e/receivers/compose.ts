import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Provided, provide } from './cache.ts';
import { command } from './command.ts';

const VERSION = '2.16.2';

/** The loader of Docker Compose as a program of its own: it needs no Docker. */
export async function provideComposeLoader(): Promise<Provided> {
  return provide(`compose-loader-${VERSION}`, async (folder) => {
    for (const name of ['go.mod', 'main.go']) {
      await copyFile(fileURLToPath(new URL(`../compose/${name}`, import.meta.url)), join(folder, name));
    }
    await command('go', ['build', '-mod=mod', '-ldflags', '-s -w', '-o', 'compose-loader', '.'], {
      cwd: folder,
    });
  });
}

/** What Compose understands of the viewing stack's file, with variables put in. */
export interface Project {
  readonly services: Readonly<Record<string, Service>>;
}
export interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly { readonly host_ip: string; readonly published: string }[];
  readonly volumes?: readonly { readonly type: string; readonly source: string; readonly target: string }[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export async function loadCompose(
  program: string,
  file: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Project> {
  return JSON.parse(await command(join(program, 'compose-loader'), [file], { env }));
}
