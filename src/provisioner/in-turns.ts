/** Things done at a time: enough for the server to be busy while one waits, and few enough for it to serve others. */
const AT_A_TIME = 4;

/** Does something for each item, in their order, a few at a time. */
export async function inTurns<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  atATime = AT_A_TIME,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}
