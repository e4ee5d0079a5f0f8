import { type Problem, type Refusal, toProblem } from '../domain/refusal.ts'

const MIN_RETRY_SECONDS = 1
export const PROBLEM_TYPE = 'application/problem+json'

/** A refusal as a problem (RFC 9457) and the header fields that go with it, its media type aside. */
export function writeProblem(refusal: Refusal, requestId: string): { problem: Problem; headers: [string, string][] } {
  const problem = toProblem(refusal, requestId)
  const headers: [string, string][] = [['cache-control', 'no-store']]
  const { retryAfter, allow } = refusal
  if (retryAfter !== undefined) headers.push(['retry-after', String(retryAfter)])
  else if (problem.retryable && (problem.status === 503 || problem.status === 409))
    headers.push(['retry-after', String(MIN_RETRY_SECONDS)])
  if (allow) headers.push(['allow', allow.join(', ')])
  return { problem, headers }
}
