/** The processor time that `work` takes, in milliseconds: a busy machine makes it wait, but not compute more. */
export function processorMillis(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
