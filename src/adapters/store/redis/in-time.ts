/**
 * How long a server may take to answer. Redis itself may hold a write back for 2 s while its disk is busy
 * (`appendfsync everysec`), and is not gone for that.
 */
export const ANSWER_TIMEOUT_MS = 3_000

/** Gives up on an answer; but a process that was itself held up reads first what has come meanwhile. */
export function inTime<T>(answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new Error(`Redis did not answer within ${ANSWER_TIMEOUT_MS} ms`))
    const timer = setTimeout(() => setImmediate(giveUp), ANSWER_TIMEOUT_MS)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
