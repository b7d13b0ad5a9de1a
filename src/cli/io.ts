import type { Readable, Writable } from 'node:stream';

/** The ambient world, handed in once at `main(argv, io)`: `process` fits it, and so does a test's stand-in. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable & { readonly isTTY?: boolean; readonly fd?: number };
  readonly stdout: Writable & {
    readonly isTTY?: boolean;
    readonly columns?: number;
    readonly rows?: number;
  };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly pid: number;
  /** Of Node.js; a stand-in need not have one. */
  readonly versions?: { readonly node: string };
  cwd(): string;
  /** Signal 0 only asks whether the process is there, and throws when it is not. */
  kill(pid: number, signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 0): unknown;
  on(event: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGUSR1', listener: () => void): unknown;
  off(event: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGUSR1', listener: () => void): unknown;
}
